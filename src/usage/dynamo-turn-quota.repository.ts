import { Injectable } from '@nestjs/common';
import type { QuotaSettings } from '../config/settings.js';
import { DynamoTable, type ItemKey } from '../dynamodb/dynamo-table.js';
import { TIME_TO_LIVE_ATTRIBUTE } from '../dynamodb/table-schema.js';
import { Added, buildUpdate, Deleted } from '../dynamodb/update-expression.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Minutes that stay counted: this one and two before it, for instances whose clock is behind. */
const KEPT_MINUTES = 3;
/**
 * Older minutes that each turn removes, so that the item stays small even after a pause. An expression of DynamoDB has
 * at most 300 operators and 4 KB; a minute takes one operator and 8 bytes.
 */
const REMOVED_MINUTES = 240;

/** One counted turn. */
export interface QuotaPlace {
  readonly userId: string;
  /** Unique within the user and the minute. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly takenAt: number;
}

/**
 * Counts turns in one item per user and day of UTC, because Lambda instances share no memory. `m<minute of the day>` is
 * the set of places of a minute, and `turns` counts the day. A set recognises a write that the SDK sends twice. The day
 * may count such a turn twice, but never too few turns: only a place in the set is refunded.
 *
 * The item's id contains `#`, which no chat id has. Without `updated_at` it is not in the index of chats.
 */
@Injectable()
export class DynamoTurnQuotaRepository {
  constructor(private readonly table: DynamoTable) {}

  /**
   * @returns false if one of the limits is reached; 0 is no limit.
   * @throws StorageUnavailableError.
   */
  async acquire(place: QuotaPlace, { turnsPerMinute, turnsPerDay }: QuotaSettings): Promise<boolean> {
    const minuteOfDay = toMinuteOfDay(place);
    const minute = toMinuteAttribute(minuteOfDay);
    const conditions = [
      turnsPerMinute > 0 && `(attribute_not_exists(#${minute}) OR size(#${minute}) < :perMinute OR ${isTaken(minute)})`,
      turnsPerDay > 0 && `(attribute_not_exists(#turns) OR #turns < :perDay OR ${isTaken(minute)})`,
    ].filter((condition) => condition !== false);
    const written = await this.table.update({
      Key: toKey(place),
      ...buildUpdate(
        {
          [TIME_TO_LIVE_ATTRIBUTE]: Math.floor(place.takenAt / DAY + 2) * (DAY / 1000),
          [minute]: new Added(new Set([place.id])),
          turns: new Added(1),
          ...Object.fromEntries(listOldMinutes(minuteOfDay).map((old) => [old, null])),
        },
        {
          expression: conditions.join(' AND '),
          values: {
            ':id': place.id,
            ...(turnsPerMinute > 0 && { ':perMinute': turnsPerMinute }),
            ...(turnsPerDay > 0 && { ':perDay': turnsPerDay }),
          },
        },
      ),
    });
    return written !== undefined;
  }

  /** Counts the turns of the day of `place`. @throws StorageUnavailableError. */
  async countDay(place: QuotaPlace): Promise<number> {
    return Number((await this.table.get(toKey(place)))?.['turns'] ?? 0);
  }

  /** Removes a place, at most once even if the SDK sends the write twice. @throws StorageUnavailableError. */
  async refund(place: QuotaPlace): Promise<void> {
    const minute = toMinuteAttribute(toMinuteOfDay(place));
    await this.table.update({
      Key: toKey(place),
      ...buildUpdate(
        { [minute]: new Deleted(new Set([place.id])), turns: new Added(-1) },
        { expression: isTaken(minute), values: { ':id': place.id } },
      ),
    });
  }
}

/** The condition that the place `:id` is in the set of its minute. */
function isTaken(minute: string): string {
  return `contains(#${minute}, :id)`;
}

function toKey({ userId, takenAt }: QuotaPlace): ItemKey {
  return { id: `quota#${new Date(takenAt).toISOString().slice(0, 10)}#${userId}`, user_id: userId };
}

function toMinuteOfDay({ takenAt }: QuotaPlace): number {
  return Math.floor((takenAt % DAY) / MINUTE);
}

function toMinuteAttribute(minuteOfDay: number): string {
  return `m${minuteOfDay}`;
}

function listOldMinutes(minuteOfDay: number): string[] {
  const newest = minuteOfDay - KEPT_MINUTES;
  return Array.from({ length: REMOVED_MINUTES }, (_, index) => newest - index)
    .filter((minute) => minute >= 0)
    .map(toMinuteAttribute);
}
