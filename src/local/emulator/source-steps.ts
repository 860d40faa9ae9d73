import { AgentFault } from './agent-fault.js';
import { buildExceptionFrame } from './event-stream.js';
import type { ReplyEnd } from './reply-source.js';
import { type ReplyFrames, type Step, writeAll } from './steps.js';

interface SourceStepOptions<Chunk> {
  readonly frames: ReplyFrames<Chunk>;
  /** Ends the turn. @returns the frames after the reply. */
  readonly toEnd: (reply: string, end: ReplyEnd) => readonly Uint8Array[];
  /** The pause before each text. */
  readonly paceMs: number;
}

/**
 * Lists the steps of a reply that comes from a source, as its parts come. A fault after the first text is an exception
 * inside the stream.
 *
 * @throws AgentFault before the first text.
 */
export async function* toSourceSteps<Chunk>(
  parts: AsyncIterable<string | ReplyEnd>,
  { frames, toEnd, paceMs }: SourceStepOptions<Chunk>,
): AsyncGenerator<Step> {
  let reply = '';
  try {
    for await (const part of parts) {
      if (reply === '') yield* writeAll(frames.opening, 0);
      if (typeof part === 'string') {
        yield* writeAll(frames.encode([part]), paceMs);
        reply += part;
      } else {
        yield* writeAll(toEnd(reply, part), 0);
      }
    }
  } catch (error) {
    if (!(error instanceof AgentFault) || reply === '') throw error;
    yield { write: buildExceptionFrame(error.exception, error.message) };
  }
}
