import { buildDelta, type MessageReply, toMessageFrames } from '../message-frames.js';
import type { ReplyFrames } from '../steps.js';

/** A delta that is no text: a source or an image. Plain models send sources only for documents in the request. */
export interface CitationChunk {
  readonly image?: object;
  readonly citation?: {
    readonly title?: string;
    readonly source?: string;
    readonly sourceContent?: readonly { readonly text: string }[];
    readonly location?: { readonly web: { readonly url: string } };
  };
}

/** Builds the frames of ConverseStream: the frames of messages, and citations. */
export function toConverseFrames(reply: MessageReply): ReplyFrames<CitationChunk> {
  const frames = toMessageFrames(reply);
  return {
    ...frames,
    encode: (chunks) => {
      const texts = chunks.filter(isText);
      if (texts.length === chunks.length) return frames.encode(texts);
      return chunks.flatMap((chunk) => (isText(chunk) ? frames.encode([chunk]) : [buildDelta(0, chunk)]));
    },
  };
}

function isText(chunk: string | Uint8Array | CitationChunk): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}
