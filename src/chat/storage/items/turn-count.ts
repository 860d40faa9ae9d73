import { parseStoredTime } from './stored-times.js';

/** Longer than a turn can run. */
const LONGEST_TURN_MILLISECONDS = 60 * 60 * 1000;

/**
 * A count that no turn of the chat has reached: the time in hundredths of a second. It has 12 digits until the year
 * 2286. It is also higher than the numbers of turns that are not stored yet.
 *
 * @param newest - the highest number that is stored.
 */
export function toNewCount(newest: number, now = Date.now()): number {
  return Math.max(newest, Math.floor(now / 10));
}

/**
 * Whether a head of the original system may have replaced a head whose first turn still runs. That system sets
 * `updated_at` whenever it writes.
 */
export function mayHaveOverwritten({ updated_at: time }: { readonly updated_at?: unknown }, now = Date.now()): boolean {
  return (parseStoredTime(time) ?? 0) > now - LONGEST_TURN_MILLISECONDS;
}
