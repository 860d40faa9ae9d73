import { toNumber } from '../../../dynamodb/exact-number.js';

/** A time further ahead than this is taken for a broken clock. */
const CREDIBLE_AHEAD_MILLISECONDS = 60 * 60 * 1000;
/** The date, the time with any fraction of a second, and the zone of ISO 8601. Python writes a space instead of `T`. */
const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
/** RFC 9110, section 5.6.7. */
const HTTP_TIME = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
/** A count since 1970 is a time only between these years. Its unit is the one that leads there. */
const EARLIEST = Date.UTC(2000);
const LATEST = Date.UTC(2100);
/** How many milliseconds are in a second, a millisecond, a microsecond and a nanosecond. */
const UNITS = [1e3, 1, 1e-3, 1e-6];

/** The times of a head that tell whether a begin is late. */
interface HeadTimes {
  readonly ended_at?: unknown;
  readonly updated_at?: unknown;
}

/**
 * Parses a stored time: ISO 8601, or a count of seconds, milliseconds, microseconds or nanoseconds since 1970. A time
 * without a zone is UTC, as the original system wrote it.
 *
 * @returns epoch milliseconds; undefined for everything else.
 */
export function parseStoredTime(stored: unknown): number | undefined {
  if (typeof stored !== 'string') return parseCount(toNumber(stored));
  if (/^\d+(\.\d+)?$/.test(stored)) return parseCount(Number(stored));
  const time = HTTP_TIME.test(stored) ? Date.parse(stored) : parseIsoTime(stored);
  return Number.isNaN(time) ? undefined : time;
}

/** The first time that can be read, as ISO 8601 UTC with milliseconds. */
export function toIsoTime(...stored: readonly unknown[]): string | undefined {
  for (const value of stored) {
    const time = parseStoredTime(value);
    if (time !== undefined) return new Date(time).toISOString();
  }
  return undefined;
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
    .map((time) => parseStoredTime(time) ?? 0)
    .filter((time) => time < now + CREDIBLE_AHEAD_MILLISECONDS);
  return new Date(Math.max(now, ...credible.map((time) => time + 1))).toISOString();
}

function parseIsoTime(stored: string): number {
  const [, date, time = '00:00', fraction = '', zone = 'Z'] = ISO_TIME.exec(stored) ?? [];
  // The only form that every engine parses (ECMA-262, "Date Time String Format").
  const offset = zone.length === 1 ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${date}T${time}${fraction && `.${fraction.slice(0, 3).padEnd(3, '0')}`}${offset}`);
}

function parseCount(count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  return UNITS.map((unit) => count * unit).find((time) => time >= EARLIEST && time < LATEST);
}
