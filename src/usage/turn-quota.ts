import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/domain-error.js';
import { QuotaSettings } from '../config/settings.js';
import { DynamoTurnQuotaRepository, type QuotaPlace } from './dynamo-turn-quota.repository.js';
import { TooManyTurnsError } from './usage.errors.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Makes a place unique among the turns of one user in one minute. */
const PLACE_ID_BYTES = 6;

/** Limits how many turns a user begins in each minute and each day of UTC. */
@Injectable()
export class TurnQuota {
  private readonly logger = new Logger(TurnQuota.name);

  constructor(
    private readonly repository: DynamoTurnQuotaRepository,
    private readonly settings: QuotaSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a turn if the quota allows it. A refused turn, and a result that is not a new turn, are not counted.
   *
   * @param hasBegun - whether the result of `begin` counts as a new turn; a replay does not.
   * @throws TooManyTurnsError, StorageUnavailableError, and what `begin` throws.
   */
  async consume<T>(userId: string, begin: () => Promise<T>, hasBegun: (begun: T) => boolean = () => true): Promise<T> {
    const { turnsPerMinute, turnsPerDay } = this.settings;
    if (turnsPerMinute === 0 && turnsPerDay === 0) return begin();
    const place = await this.acquire(userId);
    try {
      const begun = await begin();
      if (!hasBegun(begun)) await this.refund(place);
      return begun;
    } catch (error) {
      // If something is unavailable, the turn may have begun nevertheless.
      if (error instanceof DomainError && error.kind !== 'unavailable') await this.refund(place);
      throw error;
    }
  }

  private async acquire(userId: string): Promise<QuotaPlace> {
    const id = randomBytes(PLACE_ID_BYTES).toString('base64url');
    const place: QuotaPlace = { userId, id, takenAt: this.clock.now() };
    if (await this.repository.acquire(place, this.settings)) return place;
    const window = (await this.isDayUsedUp(place)) ? DAY : MINUTE;
    throw new TooManyTurnsError(getSecondsToNext(window, place.takenAt));
  }

  /** Reads the count of the day only for a refused turn with both limits. */
  private async isDayUsedUp(place: QuotaPlace): Promise<boolean> {
    const { turnsPerMinute, turnsPerDay } = this.settings;
    if (turnsPerDay === 0) return false;
    return turnsPerMinute === 0 || (await this.repository.countDay(place)) >= turnsPerDay;
  }

  private async refund(place: QuotaPlace): Promise<void> {
    try {
      await this.repository.refund(place);
    } catch {
      // A turn too many in the count is no reason to fail the request.
      this.logger.warn('Cannot refund a turn to the quota; it stays counted');
    }
  }
}

/** Whole seconds until the next window begins, at least 1. */
function getSecondsToNext(window: number, now: number): number {
  return Math.max(1, Math.ceil((window - (now % window)) / 1000));
}
