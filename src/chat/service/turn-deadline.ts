import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AFTER_DEADLINE, AFTER_STORING } from '../../config/waits.js';

/** Timers of Node have no longer time. A turn with it has no limit. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How long work is waited for. */
export interface WaitLimit {
  /** Epoch milliseconds, or Infinity. */
  readonly until: number;
  /** If it aborts, nobody waits any longer, and its reason is the error. */
  readonly stop?: AbortSignal;
  /** Builds the error after `until`. */
  readonly late: () => Error;
}

/**
 * When a turn that begins now must end, in epoch milliseconds.
 *
 * @param timeLimit - milliseconds that the turn may take.
 * @param hostDeadline - Lambda's deadline for the invocation, in epoch milliseconds. A server has none.
 */
export function toTurnDeadline(timeLimit: number, hostDeadline = Infinity): number {
  return Math.min(Date.now() + timeLimit, hostDeadline - AFTER_DEADLINE);
}

/** When a turn is given up if it could not be stored, because its host ends. In epoch milliseconds, or Infinity. */
export function toStoreDeadline(hostDeadline = Infinity): number {
  return hostDeadline - AFTER_STORING;
}

/** The error of a wait for the table. */
export function tooSlow(): StorageUnavailableError {
  return new StorageUnavailableError({ reason: 'it is too slow' });
}

/**
 * Runs `work` and waits for it within a limit. Its signal aborts at the limit. Work that ignores its signal continues,
 * but nobody waits for it.
 *
 * @throws the error of the limit, and the errors of `work`.
 */
export async function within<T>(
  { until, stop, late }: WaitLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error), { once: true });
  });
  // AbortSignal.any would leak: its signals stay alive as long as `stop`, which lives as long as the app.
  const onStop = () => limit.abort(stop?.reason);
  if (stop?.aborted) onStop();
  stop?.addEventListener('abort', onStop);
  const milliseconds = Math.min(Math.max(0, until - Date.now()), LONGEST_TIMER);
  const timer = setTimeout(() => limit.abort(late()), milliseconds);
  try {
    return await Promise.race([work(limit.signal), ended]);
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', onStop);
  }
}
