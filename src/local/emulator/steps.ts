import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { EmulatedBehaviour } from './behaviour.js';
import { buildExceptionFrame, corruptFrame } from './event-stream.js';

/** One action of an emulator while it responds. */
export type Step = { readonly write: Uint8Array } | { readonly waitMs: number } | 'headers' | 'cut' | 'hang';

/** The ordinary reply, and how a service encodes the rest. */
export interface StepOptions<Chunk> {
  /** The frames of the ordinary reply, a chunk each. */
  readonly reply: readonly Uint8Array[];
  /** The pause before each frame of the ordinary reply. */
  readonly paceMs: number;
  readonly encode: (chunk: string | Uint8Array | Chunk) => Uint8Array;
  /** The frame by which the agent returns control. */
  readonly returnControl: Uint8Array;
}

/** Lists the steps of a behaviour. After the last one the stream ends without an error. */
export function toSteps<Chunk>(
  behaviour: Exclude<EmulatedBehaviour<Chunk>, { type: 'http-error' }>,
  { reply, paceMs, encode, returnControl }: StepOptions<Chunk>,
): Step[] {
  const count = ('afterChunks' in behaviour ? behaviour.afterChunks : undefined) ?? 1;
  const first = writeAll(reply.slice(0, count), paceMs);
  switch (behaviour.type) {
    case 'reply':
      return writeAll(reply, behaviour.paceMs ?? paceMs);
    case 'delay':
      return [{ waitMs: behaviour.milliseconds }, ...writeAll(reply, paceMs)];
    case 'chunks':
      return writeAll(behaviour.chunks.map(encode), behaviour.pauseMs ?? 0);
    case 'hang-up':
      return ['cut'];
    case 'empty':
      return ['headers'];
    case 'return-control':
      return [...writeAll(reply.slice(0, behaviour.afterChunks ?? 0), paceMs), { write: returnControl }];
    case 'stream-exception':
      return [...first, { write: buildExceptionFrame(behaviour.exception, behaviour.message ?? behaviour.exception) }];
    case 'torn':
      return [...first, 'cut'];
    case 'silence':
      return [...first, 'hang'];
    case 'corrupt-frame':
      return [...first, { write: corruptFrame(reply[count] ?? encode('corrupted')) }];
    default:
      return behaviour satisfies never;
  }
}

/** Performs one step on a response. @param signal - ends a pause when the client disconnects. */
export async function performStep(
  step: Exclude<Step, 'cut' | 'hang'>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (step === 'headers') {
    response.flushHeaders();
  } else if ('waitMs' in step) {
    await wait(step.waitMs, undefined, { signal }).catch(() => undefined);
  } else {
    // Waits for the socket, so that a cut right after it loses no byte.
    await new Promise<void>((resolve) => response.write(step.write, () => resolve()));
  }
}

function writeAll(frames: readonly Uint8Array[], paceMs: number): Step[] {
  const pause: Step[] = paceMs > 0 ? [{ waitMs: paceMs }] : [];
  return ['headers', ...frames.flatMap((write) => [...pause, { write }])];
}
