import { Injectable } from '@nestjs/common';
import { DynamoTable } from '../dynamodb/dynamo-table.js';
import { TIME_TO_LIVE_ATTRIBUTE } from '../dynamodb/table-schema.js';
import { Added, buildUpdate, Deleted } from '../dynamodb/update-expression.js';
import {
  readRunning,
  readUsage,
  toAttributeNames,
  toDayItem,
  toDayNames,
  type Tokens,
  toUsageExpiry,
  toUsageKey,
  type Usage,
} from './usage-item.js';

/** The place of one turn. */
export interface QuotaPlace {
  readonly userId: string;
  /** Random: unique within the user and a few minutes. */
  readonly id: string;
  /** Epoch milliseconds. The place counts for its minute and its day. */
  readonly takenAt: number;
  /** Epoch milliseconds. After this time the turn is dead, and the place may be removed. */
  readonly until: number;
}

/** What is allowed to a user; 0 is no limit. */
export interface PlaceLimits {
  readonly turnsPerMinute: number;
  readonly turnsPerDay: number;
  readonly turnsAtOnce: number;
  /** Places of a minute that may be refunded. */
  readonly refundsPerMinute: number;
}

/** What became of a take. */
export interface TakeResult {
  /** The usage with the place; undefined if it was refused. */
  readonly taken: Usage | undefined;
  /** How often a refused take was sent. After more than one, another may still arrive later. */
  readonly sends: number;
}

/** What a write may remove or move away, because it does not count any more. */
export type Leftovers = Pick<Usage, 'oldMinutes' | 'oldDays'> & {
  /** Elements of the set `running`. */
  readonly places: readonly string[];
};

/**
 * Counts the turns of a user in one item, because Lambda instances share no memory. Attributes:
 *
 * - `m<minute>` and `x<minute>`: sets of the places that were taken in a minute, and of those that were refunded.
 * - `running`: the set of turns that run, as `<place>|<until>`.
 * - `t<day>`, `i<day>`, `o<day>`: turns and tokens of a day. Days that have ended move into items of their own.
 *
 * The sets recognise a write that the SDK delivers twice, so that each is counted once. Without `updated_at` the item is
 * not in the index of chats.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoTurnQuotaRepository {
  constructor(private readonly table: DynamoTable) {}

  /**
   * Takes a place, unless a limit is reached, or the place is taken or cancelled already.
   *
   * @param superseded - an element of the set `running`: the turn that this one stops. While it is there, one more may run.
   */
  async take(place: QuotaPlace, limits: PlaceLimits, superseded?: string): Promise<TakeResult> {
    const { minute, refunds, turns } = toAttributeNames(place.takenAt);
    const bounds = [
      { name: minute, count: `size(#${minute})`, limit: limits.turnsPerMinute, value: ':perMinute' },
      { name: refunds, count: `size(#${refunds})`, limit: limits.refundsPerMinute, value: ':refunds' },
      { name: 'running', count: 'size(#running)', limit: limits.turnsAtOnce, value: ':atOnce' },
      { name: turns, count: `#${turns}`, limit: limits.turnsPerDay, value: ':perDay' },
    ].filter(({ limit }) => limit > 0);
    const isMoved = superseded !== undefined && limits.turnsAtOnce > 0;
    const moved = ' OR (contains(#running, :superseded) AND size(#running) <= :atOnce)';
    const { item, sends } = await this.table.tryUpdate({
      Key: toUsageKey(place.userId),
      ...buildUpdate(
        {
          [minute]: new Added(new Set([place.id])),
          running: new Added(new Set([toElement(place)])),
          [turns]: new Added(1),
          [TIME_TO_LIVE_ATTRIBUTE]: toUsageExpiry(place.takenAt),
        },
        {
          expression: [
            `NOT contains(#${minute}, :id)`,
            `NOT contains(#${refunds}, :id)`,
            ...bounds.map(({ name, count, value }) => {
              const isFree = `attribute_not_exists(#${name}) OR ${count} < ${value}`;
              return `(${isFree}${isMoved && name === 'running' ? moved : ''})`;
            }),
          ].join(' AND '),
          names: { [`#${refunds}`]: refunds },
          values: {
            ':id': place.id,
            ...(isMoved && { ':superseded': superseded }),
            ...Object.fromEntries(bounds.map(({ value, limit }) => [value, limit])),
          },
        },
      ),
    });
    return { taken: item && readUsage(item, place.takenAt), sends };
  }

  /** Reads what counts for a place. */
  async read({ userId, takenAt }: QuotaPlace): Promise<Usage> {
    return readUsage((await this.table.get(toUsageKey(userId))) ?? {}, takenAt);
  }

  /**
   * Frees the place of a turn that nobody runs any more, if it is taken. While the table is unavailable this is repeated.
   *
   * @param until - epoch milliseconds at which it is given up.
   */
  async free(userId: string, id: string, until: number): Promise<void> {
    await this.table.repeat(until, async () => {
      const running = readRunning((await this.table.get(toUsageKey(userId))) ?? {});
      const dead = running.filter((place) => place.id === id).map(({ text }) => text);
      if (dead.length > 0) await this.removeRunning(userId, dead);
    });
  }

  /** Removes turns that are dead. They never come back, so a late delivery does no harm. */
  async removeRunning(userId: string, places: readonly string[]): Promise<void> {
    const condition = { expression: 'attribute_exists(id)' };
    await this.table.update({
      Key: toUsageKey(userId),
      ...buildUpdate({ running: new Deleted(new Set(places)) }, condition),
    });
  }

  /**
   * Ends a turn and adds its tokens, once. Does nothing if its place is gone. While the table is unavailable it is
   * repeated until the place ends by its time.
   */
  async end(place: QuotaPlace, leftovers: Leftovers, tokens?: Tokens): Promise<void> {
    await this.table.repeat(place.until, () => this.endOnce(place, leftovers, tokens));
  }

  private async endOnce(place: QuotaPlace, { oldMinutes, oldDays, places }: Leftovers, tokens?: Tokens): Promise<void> {
    const names = toAttributeNames(place.takenAt);
    // First, because the other write removes them.
    if (oldDays.length > 0) await this.table.replace(oldDays.map((day) => toDayItem(place.userId, day)));
    const removed = [...oldMinutes, ...oldDays.flatMap(({ day }) => Object.values(toDayNames(day)))];
    await this.table.update({
      Key: toUsageKey(place.userId),
      ...buildUpdate(
        {
          ...toRemovals(removed),
          running: new Deleted(new Set([toElement(place), ...places])),
          [names.inputTokens]: tokens && new Added(tokens.inputTokens),
          [names.outputTokens]: tokens && new Added(tokens.outputTokens),
        },
        { expression: 'contains(#running, :place)', values: { ':place': toElement(place) } },
      ),
    });
  }

  /** Gives a place back, once. @returns false if it is not taken. */
  async refund(place: QuotaPlace, oldMinutes: readonly string[] = []): Promise<boolean> {
    const { minute, refunds, turns } = toAttributeNames(place.takenAt);
    const item = await this.table.update({
      Key: toUsageKey(place.userId),
      ...buildUpdate(
        {
          ...toRemovals(oldMinutes),
          [minute]: new Deleted(new Set([place.id])),
          [refunds]: new Added(new Set([place.id])),
          running: new Deleted(new Set([toElement(place)])),
          [turns]: new Added(-1),
        },
        { expression: `contains(#${minute}, :id)`, values: { ':id': place.id } },
      ),
    });
    return item !== undefined;
  }

  /**
   * Gives a place back if it is taken, and otherwise makes the table refuse it. While the table is unavailable this is
   * repeated until the place ends by its time.
   */
  async cancel(place: QuotaPlace): Promise<void> {
    await this.table.repeat(place.until, async () => {
      const isGone = (await this.refund(place)) || (await this.markAsCancelled(place));
      // It was taken between the two writes.
      if (!isGone) await this.refund(place);
    });
  }

  /** Makes the table refuse a place whose write may still arrive. @returns false if it is taken. */
  private async markAsCancelled(place: QuotaPlace): Promise<boolean> {
    const { minute, refunds } = toAttributeNames(place.takenAt);
    const item = await this.table.update({
      Key: toUsageKey(place.userId),
      ...buildUpdate(
        {
          [refunds]: new Added(new Set([place.id])),
          [TIME_TO_LIVE_ATTRIBUTE]: toUsageExpiry(place.takenAt),
        },
        {
          expression: `NOT contains(#${minute}, :id)`,
          names: { [`#${minute}`]: minute },
          values: { ':id': place.id },
        },
      ),
    });
    return item !== undefined;
  }
}

/** The element of the set `running` for a place. */
function toElement({ id, until }: QuotaPlace): string {
  return `${id}|${until}`;
}

function toRemovals(names: readonly string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}
