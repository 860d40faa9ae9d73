import { chunkFrame, corrupted, eventFrame, exceptionFrame, type TextChunk } from './event-stream.js';

/**
 * How the emulated agent meets one invocation. `afterChunks` counts the chunks of the ordinary answer that come
 * first (default 1; 0 is right after the response headers).
 */
export type EmulatedBehaviour =
  /** The ordinary answer: for a place in the queue between two others. */
  | { readonly type: 'answer' }
  /** An HTTP error instead of a stream; `exception` as in the API, such as `ThrottlingException`. */
  | { readonly type: 'http-error'; readonly status: number; readonly exception: string; readonly message?: string }
  /** An exception event inside the stream, which then ends. */
  | {
      readonly type: 'stream-exception';
      readonly exception: string;
      readonly message?: string;
      readonly afterChunks?: number;
    }
  /** The connection is cut before any byte of a response. */
  | { readonly type: 'hang-up' }
  /** The connection is cut inside the stream. */
  | { readonly type: 'torn'; readonly afterChunks?: number }
  /** Nothing more comes, and the connection stays open. */
  | { readonly type: 'silence'; readonly afterChunks?: number }
  /** A frame whose checksum is wrong; the stream then ends. */
  | { readonly type: 'corrupt-frame'; readonly afterChunks?: number }
  /** A stream that ends without any event. */
  | { readonly type: 'empty' }
  /** These chunks and nothing else. A string is one chunk; bytes may end inside a character. */
  | {
      readonly type: 'chunks';
      readonly chunks: readonly (string | Uint8Array | TextChunk)[];
      readonly pauseMs?: number;
    }
  /** The ordinary answer, but nothing at all comes before so many milliseconds. */
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** The agent hands an action back to its caller instead of answering, or after the beginning of an answer. */
  | { readonly type: 'return-control'; readonly afterChunks?: number };

/** One thing the server does for a behaviour. */
export type Step = { readonly write: Uint8Array } | { readonly waitMs: number } | 'headers' | 'cut' | 'hang';

/**
 * The steps that a behaviour consists of; after the last one the stream ends properly.
 *
 * @param answer - the ordinary answer's chunks.
 * @param paceMs - how long to wait before each of them.
 */
export function toSteps(
  behaviour: Exclude<EmulatedBehaviour, { type: 'http-error' }>,
  answer: readonly TextChunk[],
  paceMs: number,
): Step[] {
  const count = ('afterChunks' in behaviour ? behaviour.afterChunks : undefined) ?? 1;
  const first = paced(answer.slice(0, count), paceMs);
  switch (behaviour.type) {
    case 'answer':
      return paced(answer, paceMs);
    case 'delay':
      return [{ waitMs: behaviour.milliseconds }, ...paced(answer, paceMs)];
    case 'chunks':
      return paced(behaviour.chunks.map(asChunk), behaviour.pauseMs ?? 0);
    case 'hang-up':
      return ['cut'];
    case 'empty':
      return ['headers'];
    case 'return-control':
      return [
        ...paced(answer.slice(0, behaviour.afterChunks ?? 0), paceMs),
        { write: eventFrame('returnControl', RETURN_CONTROL) },
      ];
    case 'stream-exception':
      return [...first, { write: exceptionFrame(behaviour.exception, behaviour.message ?? behaviour.exception) }];
    case 'torn':
      return [...first, 'cut'];
    case 'silence':
      return [...first, 'hang'];
    case 'corrupt-frame':
      return [...first, { write: corrupted(chunkFrame(answer[count] ?? asChunk('corrupted'))) }];
    default:
      return behaviour satisfies never;
  }
}

function paced(chunks: readonly TextChunk[], paceMs: number): Step[] {
  const pause: Step[] = paceMs > 0 ? [{ waitMs: paceMs }] : [];
  return ['headers', ...chunks.flatMap((chunk) => [...pause, { write: chunkFrame(chunk) }])];
}

function asChunk(chunk: string | Uint8Array | TextChunk): TextChunk {
  if (typeof chunk === 'string') return { bytes: Buffer.from(chunk, 'utf8') };
  return chunk instanceof Uint8Array ? { bytes: chunk } : chunk;
}

const RETURN_CONTROL = {
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
};
