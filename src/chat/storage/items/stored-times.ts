/** A time further ahead than this is taken for a broken clock. */
const CREDIBLE_AHEAD_MILLISECONDS = 60 * 60 * 1000;

/** The times of a head that tell whether a begin is late. */
interface HeadTimes {
  readonly ended_at?: unknown;
  readonly updated_at?: unknown;
}

/** A stored time as ISO 8601 UTC with milliseconds. Times of the original system are UTC without a zone. */
export function toIsoTime(stored: unknown): string {
  if (typeof stored !== 'string') return new Date(0).toISOString();
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(stored);
  const time = new Date(hasZone ? stored : `${stored.replace(' ', 'T')}Z`);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}

/** The latest time on a head, as it is stored, or `''`. A begin before this time is refused as late. */
export function findLastTime({ ended_at: endedAt, updated_at: updatedAt }: HeadTimes): string {
  const times = [endedAt, updatedAt].filter((time) => typeof time === 'string');
  return times.toSorted().at(-1) ?? '';
}

/**
 * The time at which a turn ends: now, or later if a time in `seen` is ahead of this clock.
 * So `ended_at` grows with every turn even if clocks differ, and a late begin is recognised by it.
 *
 * @param seen - stored times: when the turn began, and the latest time on the head then.
 * @param now - epoch milliseconds.
 */
export function toEndTime(seen: readonly string[], now = Date.now()): string {
  const credible = seen
    .map((time) => Date.parse(toIsoTime(time)))
    .filter((time) => time < now + CREDIBLE_AHEAD_MILLISECONDS);
  return new Date(Math.max(now, ...credible.map((time) => time + 1))).toISOString();
}
