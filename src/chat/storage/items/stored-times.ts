import { toNumber } from '../../../dynamodb/exact-number.js';

/** A time further ahead than this is taken for a broken clock. */
const CREDIBLE_AHEAD_MILLISECONDS = 60 * 60 * 1000;
/**
 * The date, the time with any fraction of a second, and the zone of ISO 8601. Python writes a space instead of `T`. Go
 * and Java add the name of the zone.
 */
const ISO_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(?:(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)(?: [A-Z]{3,5}|\[[\w/+-]+\])?)?)?$/i;
/** The basic format of ISO 8601, which has no separators. */
const BASIC_TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?!\d)/i;
/** RFC 9110, section 5.6.7, with the zones of RFC 5322. */
const HTTP_TIME =
  /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) (?<zone>GMT|[+-]\d{4})$/;
/** ECMA-262, Date.prototype.toString. */
const JAVASCRIPT_TIME =
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>\d\d) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT(?<zone>[+-]\d{4})(?: \(.*\))?$/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
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
 * Parses a stored time: ISO 8601, a date of HTTP or JavaScript, or a count of seconds, milliseconds, microseconds or
 * nanoseconds since 1970. A time without a zone is UTC, as the original system wrote it.
 *
 * @returns epoch milliseconds; undefined for everything else.
 */
export function parseStoredTime(stored: unknown): number | undefined {
  if (typeof stored !== 'string') return parseCount(toNumber(stored));
  if (/^\d+(\.\d+)?$/.test(stored)) return parseCount(Number(stored));
  const time = parseIsoTime(toIsoForm(stored));
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

/** A date of HTTP, JavaScript or the basic format in the extended format of ISO 8601. All others stay as they are. */
function toIsoForm(stored: string): string {
  const { day, month = '', year, time, zone } = (HTTP_TIME.exec(stored) ?? JAVASCRIPT_TIME.exec(stored))?.groups ?? {};
  if (day !== undefined) {
    const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
    return `${year}-${number}-${day}T${time}${zone}`;
  }
  return stored.replace(BASIC_TIME, (_, ...[y, m, d, hour, minute, second = '00']: string[]) => {
    return `${y}-${m}-${d}T${hour}:${minute}:${second}`;
  });
}

/** @returns epoch milliseconds, or NaN. */
function parseIsoTime(stored: string): number {
  const [, date = '', time = '00:00', fraction = '', zone = 'Z'] = ISO_TIME.exec(stored) ?? [];
  if (!isDayOfCalendar(date)) return Number.NaN;
  // The only form that every engine parses (ECMA-262, "Date Time String Format").
  const offset = /^[A-Z]/i.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${date}T${time}${fraction && `.${fraction.slice(0, 3).padEnd(3, '0')}`}${offset}`);
}

/** Engines take February 30 for March 1. */
function isDayOfCalendar(date: string): boolean {
  const start = Date.parse(`${date}T00:00Z`);
  return !Number.isNaN(start) && new Date(start).toISOString().startsWith(date);
}

function parseCount(count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  return UNITS.map((unit) => count * unit).find((time) => time >= EARLIEST && time < LATEST);
}
