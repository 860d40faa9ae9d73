import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { EmulatedBehaviour, MessageBehaviour } from './behaviour.js';
import { buildExceptionFrame, corruptFrame } from './event-stream.js';

/** One action of an emulator while it responds. */
export type Step = { readonly write: Uint8Array } | { readonly waitMs: number } | 'headers' | 'cut' | 'hang';

type Frames = readonly Uint8Array[];

/** The frames of a service: the ordinary reply to one invocation, and the rest. */
export interface ReplyFrames<Chunk = never> {
  /** What comes before the first chunk of a reply. */
  readonly opening: Frames;
  /** The ordinary reply, a frame for each chunk. */
  readonly chunks: Frames;
  /** What comes after the last chunk of a reply. */
  readonly closing: Frames;
  /** Builds the frames of another reply, without opening and closing. */
  encode(chunks: readonly (string | Uint8Array | Chunk)[]): Frames;
  /** The frames by which the agent returns control. */
  readonly returnControl: Frames;
  /** Builds all frames of a behaviour that only services with messages have. */
  encodeMessages(behaviour: MessageBehaviour): Frames;
}

/** A behaviour that begins a stream, or closes the connection before it. */
export type StreamBehaviour<Chunk = never> = Exclude<EmulatedBehaviour<Chunk>, { type: 'http-error' | 'html-error' }>;

/**
 * Lists the steps of a behaviour. After the last one the stream ends without an error.
 *
 * @param paceMs - the pause before each frame of the ordinary reply.
 */
export function toSteps<Chunk>(behaviour: StreamBehaviour<Chunk>, frames: ReplyFrames<Chunk>, paceMs: number): Step[] {
  const { opening, chunks, closing } = frames;
  const whole = [...opening, ...chunks, ...closing];
  const count = ('afterChunks' in behaviour ? behaviour.afterChunks : undefined) ?? 1;
  const first = writeAll(count === 0 ? [] : [...opening, ...chunks.slice(0, count)], paceMs);
  switch (behaviour.type) {
    case 'reply':
      return writeAll(whole, behaviour.paceMs ?? paceMs);
    case 'delay':
      return [{ waitMs: behaviour.milliseconds }, ...writeAll(whole, paceMs)];
    case 'chunks':
      return [
        ...writeAll(opening, 0),
        ...writeAll(frames.encode(behaviour.chunks), behaviour.pauseMs ?? 0),
        ...writeAll(closing, 0),
      ];
    case 'hang-up':
      return ['cut'];
    case 'empty':
      return ['headers'];
    case 'return-control': {
      const before = [...opening, ...chunks.slice(0, behaviour.afterChunks ?? 0)];
      return [...writeAll(before, paceMs), ...writeAll(frames.returnControl, 0)];
    }
    case 'stream-exception':
      return [...first, { write: buildExceptionFrame(behaviour.exception, behaviour.message ?? behaviour.exception) }];
    case 'torn':
      return [...first, 'cut'];
    case 'silence':
      return [...first, 'hang'];
    case 'corrupt-frame':
      return [...first, { write: corruptFrame(chunks[count] ?? buildExceptionFrame('Corrupted', '')) }];
    case 'tool-rounds':
    case 'stop-reason':
    case 'exception-event':
    case 'split-surrogates':
    case 'no-stop':
      return writeAll(frames.encodeMessages(behaviour), paceMs);
    default:
      return behaviour satisfies never;
  }
}

/** The text by which a service without messages says that it has no such fault. */
export function toUnknownFault({ type }: MessageBehaviour): string {
  return `The fault “${type}” is for services whose replies are messages. This service has none.`;
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

/** @param paceMs - the pause before each frame. */
export function writeAll(frames: Frames, paceMs: number): Step[] {
  const pause: Step[] = paceMs > 0 ? [{ waitMs: paceMs }] : [];
  return ['headers', ...frames.flatMap((write) => [...pause, { write }])];
}
