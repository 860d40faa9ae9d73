import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AgentTimeoutError } from '../agent/agent.errors.js';

/**
 * Milliseconds that a turn leaves of Lambda's deadline. In them the turn is stored and the response is sent, even
 * if the table hangs.
 */
export const HOST_MARGIN_MILLISECONDS = 4_000;

/** Milliseconds that the last write gets after the deadline. */
const LAST_WRITE_MILLISECONDS = 1_000;

/**
 * When a turn that begins now must end, in epoch milliseconds.
 *
 * @param timeLimit - milliseconds that the turn may take.
 * @param hostDeadline - Lambda's deadline for the invocation, in epoch milliseconds. A server has none.
 */
export function toTurnDeadline(timeLimit: number, hostDeadline: number | undefined): number {
  return Math.min(Date.now() + timeLimit, (hostDeadline ?? Infinity) - HOST_MARGIN_MILLISECONDS);
}

/**
 * Waits for a write that the response does not depend on, until shortly after the deadline. A gateway gives up soon
 * after that. A write that takes longer continues, but nobody waits for it.
 *
 * @param grace - milliseconds after the deadline, or after now if it has passed.
 * @throws StorageUnavailableError when the write takes longer.
 */
export async function withGrace<T>(deadline: number, write: Promise<T>, grace = LAST_WRITE_MILLISECONDS): Promise<T> {
  const milliseconds = Math.max(0, deadline - Date.now()) + grace;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StorageUnavailableError({ reason: 'it is too slow' })), milliseconds);
  });
  try {
    return await Promise.race([write, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` until the deadline, or until `stop` aborts. Its signal aborts at the same time. Work that ignores its
 * signal continues, but nobody waits for it.
 *
 * @throws AgentTimeoutError at the deadline, the reason of `stop` when it aborts, and the errors of `work`.
 */
export async function withinDeadline<T>(
  deadline: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const turn = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    turn.signal.addEventListener('abort', () => reject(turn.signal.reason as Error), { once: true });
  });
  // AbortSignal.any would leak: its signals stay alive as long as `stop`, which lives as long as the app.
  const onStop = () => turn.abort(stop.reason);
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop);
  const timer = setTimeout(() => turn.abort(new AgentTimeoutError()), Math.max(0, deadline - Date.now()));
  try {
    return await Promise.race([work(turn.signal), ended]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}
