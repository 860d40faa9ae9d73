import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { DomainError } from '../common/domain-error.js';
import { TIME_TO_LIVE_ATTRIBUTE } from '../dynamodb/table-schema.js';
import { TooManyTurnsError } from './usage.errors.js';
import { DynamoTable, type ItemKey } from '../dynamodb/dynamo-table.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** The minutes that are still counted: this one and two before it, for instances whose clock is behind. */
const KEPT_MINUTES = 3;
/**
 * How many older minutes each turn clears away, so that an item holds few of them at any time of a day, also after a
 * pause. DynamoDB takes at most 300 operators and 4 KB in an expression: a minute is one of them and 7 bytes.
 */
const CLEARED_MINUTES = 240;
/** Unique among the turns of one user in one minute: 48 bits, 8 characters. */
const PLACE_BYTES = 6;

/** A turn's place in the quota. */
interface Place {
  readonly id: string;
  readonly key: ItemKey;
  readonly minute: string;
}

/**
 * How many turns a user may begin in a minute and in a day, in fixed windows of UTC. It is counted in the table, because
 * the memory of a Lambda function is not shared: an item per user and day holds the places taken in each of the last
 * minutes (`m<minute of the day>`, a set) and the turns of the day (`turns`), and taking a place is one conditional
 * write. Being sets, the minutes recognise a write that the SDK delivers twice. The day may count such a turn twice;
 * nothing counts it zero times, for a place is given back only while it is there.
 *
 * The item's id holds `#`, which no chat's can; without `updated_at` it is not in the index of chats.
 */
@Injectable()
export class TurnQuota {
  private readonly logger = new Logger(TurnQuota.name);

  /** Epoch milliseconds; tests set it. */
  now: () => number = () => Date.now();

  constructor(
    private readonly table: DynamoTable,
    private readonly environment: Environment,
  ) {}

  /**
   * Begins a turn if the user has one left. A turn that is refused, or that turns out not to be a new one, costs none.
   *
   * @param hasBegun - whether what `begin` gave is a turn that counts; a replayed answer is not.
   * @throws TooManyTurnsError, StorageUnavailableError, and whatever `begin` throws.
   */
  async consume<T>(userId: string, begin: () => Promise<T>, hasBegun: (begun: T) => boolean = () => true): Promise<T> {
    const { TURNS_PER_MINUTE: perMinute, TURNS_PER_DAY: perDay } = this.environment;
    if (perMinute === 0 && perDay === 0) return begin();
    const place = await this.acquire(userId, perMinute, perDay);
    try {
      const begun = await begin();
      if (!hasBegun(begun)) await this.refund(place);
      return begun;
    } catch (error) {
      // What is unavailable may have begun all the same.
      if (error instanceof DomainError && error.kind !== 'unavailable') await this.refund(place);
      throw error;
    }
  }

  private async acquire(userId: string, perMinute: number, perDay: number): Promise<Place> {
    const now = this.now();
    const minuteOfDay = Math.floor((now % DAY) / MINUTE);
    const place: Place = {
      id: randomBytes(PLACE_BYTES).toString('base64url'),
      key: { id: `quota#${new Date(now).toISOString().slice(0, 10)}#${userId}`, user_id: userId },
      minute: minuteName(minuteOfDay),
    };
    const conditions = [
      perMinute > 0 && `(attribute_not_exists(#minute) OR size(#minute) < :perMinute OR contains(#minute, :id))`,
      perDay > 0 && '(attribute_not_exists(turns) OR turns < :perDay OR contains(#minute, :id))',
    ].filter((condition) => condition !== false);
    const old = oldMinutes(minuteOfDay);
    const taken = await this.table.update({
      Key: place.key,
      ConditionExpression: conditions.join(' AND '),
      UpdateExpression:
        `SET ${TIME_TO_LIVE_ATTRIBUTE} = :expiry ADD #minute :place, turns :one` +
        (old.length > 0 ? ` REMOVE ${old.join(', ')}` : ''),
      ExpressionAttributeNames: { '#minute': place.minute },
      ExpressionAttributeValues: {
        ':place': new Set([place.id]),
        ':one': 1,
        ':expiry': Math.floor(now / DAY + 2) * (DAY / 1000),
        ':id': place.id,
        ...(perMinute > 0 && { ':perMinute': perMinute }),
        ...(perDay > 0 && { ':perDay': perDay }),
      },
    });
    if (taken) return place;
    const isDayOver = perDay > 0 && (perMinute === 0 || (await this.turnsOfDay(place)) >= perDay);
    throw new TooManyTurnsError(secondsToNext(isDayOver ? DAY : MINUTE, now));
  }

  /** Read for those who are refused alone, to tell them when to come back. */
  private async turnsOfDay({ key }: Place): Promise<number> {
    const item = await this.table.get(key);
    return Number(item?.['turns'] ?? 0);
  }

  /** At most once for a place, however often the SDK delivers it. That it fails is no reason to fail the request. */
  private async refund({ id, key, minute }: Place): Promise<void> {
    try {
      await this.table.update({
        Key: key,
        ConditionExpression: 'contains(#minute, :id)',
        UpdateExpression: 'DELETE #minute :place ADD turns :less',
        ExpressionAttributeNames: { '#minute': minute },
        ExpressionAttributeValues: { ':id': id, ':place': new Set([id]), ':less': -1 },
      });
    } catch {
      this.logger.warn('A refused turn could not be taken out of the quota');
    }
  }
}

function minuteName(minuteOfDay: number): string {
  return `m${minuteOfDay}`;
}

function oldMinutes(minuteOfDay: number): string[] {
  const newest = minuteOfDay - KEPT_MINUTES;
  return Array.from({ length: CLEARED_MINUTES }, (_, index) => newest - index)
    .filter((minute) => minute >= 0)
    .map(minuteName);
}

/** Whole seconds until the next window begins, at least 1. */
function secondsToNext(window: number, now: number): number {
  return Math.max(1, Math.ceil((window - (now % window)) / 1000));
}
