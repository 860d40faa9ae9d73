import { buildEventFrame } from '../event-stream.js';
import type { ReplyChunk, ReplyCitation } from '../reply.js';

/** A source of a part of the reply, as Bedrock sends it. */
interface WireCitation {
  readonly generatedResponsePart?: {
    readonly textResponsePart: {
      readonly text: string;
      readonly span: { readonly start: number; readonly end: number };
    };
  };
  /** Their content, location and metadata have many shapes. */
  readonly retrievedReferences: readonly object[];
}

/** A file that the agent's code interpreter has made. */
interface WireFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A `chunk` event: bytes, which may end inside a character, citations, or both. With files it is a `files` event. */
export interface WireChunk {
  readonly bytes?: Uint8Array;
  readonly citations?: readonly WireCitation[];
  readonly files?: readonly WireFile[];
}

/** Builds the frame of one `chunk` event. */
export function buildChunkFrame(chunk: string | Uint8Array | WireChunk): Uint8Array {
  if (typeof chunk === 'string') return buildChunkFrame({ bytes: Buffer.from(chunk, 'utf8') });
  if (chunk instanceof Uint8Array) return buildChunkFrame({ bytes: chunk });
  const { bytes, citations, files } = chunk;
  if (files) return buildEventFrame('files', { files: files.map(toBase64) });
  return buildEventFrame('chunk', {
    ...(bytes && toBase64({ bytes })),
    ...(citations && { attribution: { citations } }),
  });
}

/** Builds the frame of one chunk of the ordinary reply. */
export function buildReplyFrame({ bytes, citations }: ReplyChunk): Uint8Array {
  return buildChunkFrame({ bytes, ...(citations && { citations: citations.map(toWireCitation) }) });
}

/** The event by which the agent asks its caller to run a function. */
export const RETURN_CONTROL_FRAME = buildEventFrame('returnControl', {
  invocationId: '7b6e1c0e-0d0b-4a52-9d8b-4f5f6a3a1c11',
  invocationInputs: [
    {
      functionInvocationInput: {
        actionGroup: 'bookings',
        function: 'bookHotel',
        parameters: [{ name: 'city', type: 'string', value: 'Lisbon' }],
        actionInvocationType: 'RESULT',
      },
    },
  ],
});

/** Bytes are base64 in JSON. */
function toBase64(part: { readonly bytes: Uint8Array }): object {
  return { ...part, bytes: Buffer.from(part.bytes).toString('base64') };
}

function toWireCitation({ text, start, title, uri }: ReplyCitation): WireCitation {
  const location = uri.startsWith('s3:')
    ? { type: 'S3', s3Location: { uri } }
    : { type: 'WEB', webLocation: { url: uri } };
  return {
    generatedResponsePart: { textResponsePart: { text, span: { start, end: start + text.length } } },
    retrievedReferences: [{ content: { text }, location, metadata: { title, 'x-amz-bedrock-kb-source-uri': uri } }],
  };
}
