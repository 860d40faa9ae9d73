import type { Item, ItemKey } from '../dynamodb/dynamo-table.js';
import { toNumber } from '../dynamodb/exact-number.js';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** Minutes that stay counted: this one and two before it, for instances whose clock is behind. */
const KEPT_MINUTES = 3;
/** Days that stay in the item of the user: today and yesterday, for turns that began before midnight. */
const KEPT_DAYS = 2;
/** Most attributes that one write removes. An expression of DynamoDB has at most 300 operators and 4 KB. */
const REMOVED_AT_ONCE = 100;
/** Most days that one write moves into items of their own. */
const MOVED_AT_ONCE = 10;
/** Days that the usage of a day is kept. */
const USAGE_DAYS = 400;

/** Tokens of a turn. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What a user had in one day of UTC. Tokens are missing if no agent has counted any. */
export interface UsageDay extends Partial<Tokens> {
  /** Eight digits, such as `20300101`. */
  readonly day: string;
  readonly turns: number;
}

/** A turn that runs: an element of the set `running`. */
export interface RunningPlace {
  /** `<id>|<until>`, as it is stored. */
  readonly text: string;
  readonly id: string;
  /** Epoch milliseconds. After this time the turn counts as dead. */
  readonly until: number;
}

/** The item of a user, as it counts for a turn that begins at a certain time. */
export interface Usage {
  /** Places that were taken in the minute and not refunded. */
  readonly minuteIds: ReadonlySet<string>;
  /** Places of the minute that were refunded. */
  readonly refunds: number;
  /** Turns of the day. */
  readonly turns: number;
  readonly running: readonly RunningPlace[];
  /** Attributes of minutes that do not count any more. */
  readonly oldMinutes: readonly string[];
  /** Days that belong into items of their own. */
  readonly oldDays: readonly UsageDay[];
}

/** The item that counts for a user. Its id contains `#`, which no chat id has. */
export function toUsageKey(userId: string): ItemKey {
  return { id: `usage#${userId}`, user_id: userId };
}

/** The attributes that count for a time: `m` and `x` with the minute, `t`, `i` and `o` with the day. */
export function toAttributeNames(time: number) {
  const minute = Math.floor(time / MINUTE);
  return { minute: `m${minute}`, refunds: `x${minute}`, ...toDayNames(toDay(time)) };
}

/** Builds the item of a day that has ended. Its values do not change any more, so it may be written again. */
export function toDayItem(userId: string, { day, turns, inputTokens, outputTokens }: UsageDay): Item {
  const date = day.replace(/^(\d{4})(\d\d)/, '$1-$2-');
  return {
    ...toUsageKey(userId),
    user_id: `${userId}#D#${date}`,
    turns,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    expires_at: toUsageExpiry(Date.parse(date)),
  };
}

/** Names the attributes of a day. */
export function toDayNames(day: string) {
  return { turns: `t${day}`, inputTokens: `i${day}`, outputTokens: `o${day}` };
}

/** When what is counted at a time expires, in epoch seconds. */
export function toUsageExpiry(time: number): number {
  return (Math.floor(time / DAY) + USAGE_DAYS) * (DAY / 1000);
}

/**
 * Reads the item of a user.
 *
 * @param time - epoch milliseconds at which a turn begins.
 */
export function readUsage(item: Item, time: number): Usage {
  const names = toAttributeNames(time);
  const oldestMinute = Math.floor(time / MINUTE) - KEPT_MINUTES + 1;
  const oldestDay = toDay(time - (KEPT_DAYS - 1) * DAY);
  const keys = Object.keys(item);
  const oldDays = keys
    .map((name) => /^t(\d{8})$/.exec(name)?.[1])
    .filter((day) => day !== undefined && day < oldestDay);
  return {
    minuteIds: toTexts(item[names.minute]),
    refunds: toTexts(item[names.refunds]).size,
    turns: toNumber(item[names.turns]) ?? 0,
    running: readRunning(item),
    oldMinutes: keys.filter((name) => Number(/^[mx](\d+)$/.exec(name)?.[1]) < oldestMinute).slice(0, REMOVED_AT_ONCE),
    oldDays: oldDays.slice(0, MOVED_AT_ONCE).map((day) => readDay(item, String(day))),
  };
}

/** Reads the turns of a user that run, from the item of the user. */
export function readRunning(item: Item): RunningPlace[] {
  return [...toTexts(item['running'])].map(toRunningPlace);
}

function readDay(item: Item, day: string): UsageDay {
  const names = toDayNames(day);
  const inputTokens = toNumber(item[names.inputTokens]);
  const outputTokens = toNumber(item[names.outputTokens]);
  return {
    day,
    turns: toNumber(item[names.turns]) ?? 0,
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
}

function toRunningPlace(text: string): RunningPlace {
  const [id = '', until] = text.split('|');
  return { text, id, until: Number(until) };
}

function toDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
}

function toTexts(value: unknown): ReadonlySet<string> {
  return value instanceof Set ? (value as Set<string>) : new Set();
}
