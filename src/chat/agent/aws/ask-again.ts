import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal } from './aws-agent-errors.js';

/** How often a turn is sent to an agent that refuses it, and the pause after the first refusal. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MILLISECONDS = 250;

/**
 * Sends a turn, and sends it again if the agent refused it before it ran.
 *
 * @throws the error of the last attempt, or the reason of the signal.
 */
export async function askAgain<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (attempt === ATTEMPTS || signal.aborted || !isRefusal(error)) throw error;
      // Half of the pause is random, so that turns that were refused together are not sent together again.
      const pause = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1);
      await sleep(pause / 2 + (Math.random() * pause) / 2, undefined, { signal });
    }
  }
}
