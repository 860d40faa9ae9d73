import { AgentTimeoutError } from '../agent/agent.errors.js';
import { StorageUnavailableError } from '../../dynamodb/dynamodb.errors.js';

/** Kept back from the host's own limit for storing the turn, also in a table that hangs, and answering, in milliseconds. */
export const HOST_MARGIN_MILLISECONDS = 4_000;

/** Given to a write that comes when the deadline has passed. */
const LAST_WRITE_MILLISECONDS = 1_000;

/**
 * How long a turn may take unless a setting says otherwise. API Gateway waits 29 s for an answer in one piece; a stream
 * goes on while something comes, and its idle limit is 5 minutes.
 */
export const TIMEOUT_MILLISECONDS = { buffered: 25_000, streamed: 290_000 };

/** When a turn that begins now has to end: the lesser of its own time-out and what the host leaves it. */
export function turnDeadline(
  answer: keyof typeof TIMEOUT_MILLISECONDS,
  timeoutMilliseconds: number | undefined,
  hostDeadline: number | undefined,
): number {
  const timeout = timeoutMilliseconds ?? TIMEOUT_MILLISECONDS[answer];
  return Math.min(Date.now() + timeout, (hostDeadline ?? Infinity) - HOST_MARGIN_MILLISECONDS);
}

/**
 * Waits for a write that the answer may go out without, until the turn's deadline, and a second in any case: a gateway
 * gives up soon after.
 *
 * @throws StorageUnavailableError when it takes longer. The write is left to itself then.
 */
export async function withGrace<T>(deadline: number, write: Promise<T>): Promise<T> {
  const milliseconds = Math.max(0, deadline - Date.now()) + LAST_WRITE_MILLISECONDS;
  let timer: NodeJS.Timeout | undefined;
  const due = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StorageUnavailableError()), milliseconds);
  });
  try {
    return await Promise.race([write, due]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` until the deadline, when this throws AgentTimeoutError, or until `stop` aborts, when it throws its reason.
 * The signal of the work aborts with the same; work that does not listen to it is left to itself. The timer goes with
 * the work.
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
  // Not AbortSignal.any: what it makes of a signal that lives as long as the app is never let go.
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
