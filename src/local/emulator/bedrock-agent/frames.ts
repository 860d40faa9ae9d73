import { buildEventFrame } from '../event-stream.js';
import type { ReplyChunk, ReplyCitation } from '../reply.js';

/** A source of a part of the reply, as Bedrock sends it. */
interface WireCitation {
  readonly generatedResponsePart: {
    readonly textResponsePart: {
      readonly text: string;
      readonly span: { readonly start: number; readonly end: number };
    };
  };
  readonly retrievedReferences: readonly {
    readonly content: { readonly text: string };
    readonly location: WireLocation;
    readonly metadata?: Readonly<Record<string, unknown>>;
  }[];
}

type WireLocation =
  | { readonly type: 'S3'; readonly s3Location: { readonly uri: string } }
  | { readonly type: 'WEB'; readonly webLocation: { readonly url: string } };

/** A `chunk` event: bytes, which may end inside a character, citations, or both. */
export interface WireChunk {
  readonly bytes?: Uint8Array;
  readonly citations?: readonly WireCitation[];
}

/** Builds the frame of one `chunk` event. */
export function buildChunkFrame(chunk: string | Uint8Array | WireChunk): Uint8Array {
  if (typeof chunk === 'string') return buildChunkFrame({ bytes: Buffer.from(chunk, 'utf8') });
  if (chunk instanceof Uint8Array) return buildChunkFrame({ bytes: chunk });
  const { bytes, citations } = chunk;
  return buildEventFrame('chunk', {
    ...(bytes && { bytes: Buffer.from(bytes).toString('base64') }),
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

function toWireCitation({ text, start, title, uri }: ReplyCitation): WireCitation {
  const location: WireLocation = uri.startsWith('s3:')
    ? { type: 'S3', s3Location: { uri } }
    : { type: 'WEB', webLocation: { url: uri } };
  return {
    generatedResponsePart: { textResponsePart: { text, span: { start, end: start + text.length } } },
    retrievedReferences: [{ content: { text }, location, metadata: { title, 'x-amz-bedrock-kb-source-uri': uri } }],
  };
}
