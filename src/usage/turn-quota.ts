import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/domain-error.js';
import { StorageUnavailableError } from '../common/storage.errors.js';
import { QuotaSettings } from '../config/settings.js';
import { LEASE_MARGIN } from '../config/waits.js';
import { DynamoTurnQuotaRepository, type PlaceLimits, type QuotaPlace } from './dynamo-turn-quota.repository.js';
import { TooManyTurnsError } from './usage.errors.js';
import { DAY, MINUTE, type RunningPlace, type Tokens, type Usage } from './usage-item.js';

/** How many more requests than turns may give their place back in a minute: repetitions, unknown chats, running turns. */
const SPARE_REFUNDS = 100;
/** To these the spare ones are added if the turns of a minute are not limited, but others are. */
const UNLIMITED_REFUNDS = 20;
/** Longest Retry-After while turns run, in seconds: most turns end long before their lease does. */
const RETRY_AFTER_MAX_SECONDS = 5;
/** A begin that meets dead turns, or the turn that it supersedes, tries again once. */
const TRIES = 2;
/** Bytes of a lease that name its place. */
const PLACE_ID_BYTES = 6;

/** A turn that has a place. */
export interface TakenPlace extends QuotaPlace {
  /** What the item of the user was like when the place was taken. */
  readonly usage: Usage;
}

/** Takes over work that goes on, so that the process does not end before. The work never rejects. */
type Keep = (work: Promise<void>) => unknown;

/** A turn to begin. */
export interface TurnToCount<T> {
  /** Epoch milliseconds by which the turn will have ended. */
  readonly deadline: number;
  /** Whether a result is a new turn. A replay is not. By default every result is one. */
  readonly hasBegun?: (begun: T) => boolean;
  /**
   * Finds the lease of the running turn that this one would stop. It is called if too many turns run. This turn may then
   * begin before that one has ended.
   */
  readonly supersedes?: () => Promise<string | undefined>;
  /** Gets the work that frees the place of a turn that has failed. */
  readonly keep?: Keep;
}

/** Limits the turns that a user begins in each minute and day of UTC, and those that run at once. Counts their usage. */
@Injectable()
export class TurnQuota {
  private readonly logger = new Logger(TurnQuota.name);
  private readonly limits: PlaceLimits;

  constructor(
    private readonly repository: DynamoTurnQuotaRepository,
    settings: QuotaSettings,
    private readonly clock: Clock,
  ) {
    const { turnsPerMinute, turnsPerDay, turnsAtOnce } = settings;
    const isLimited = turnsPerMinute > 0 || turnsPerDay > 0 || turnsAtOnce > 0;
    const refundsPerMinute = isLimited ? (turnsPerMinute || UNLIMITED_REFUNDS) + SPARE_REFUNDS : 0;
    this.limits = { turnsPerMinute, turnsPerDay, turnsAtOnce, refundsPerMinute };
  }

  /**
   * Begins a turn if the quota allows it. A refused turn, and a result that is not a new turn, are not counted.
   *
   * @param begin - gets the lease that the turn must have; undefined if there is no limit.
   * @returns the result, and the place that the turn must give back by `end`; undefined if there is no limit.
   * @throws TooManyTurnsError, StorageUnavailableError, and what `begin` throws.
   */
  async consume<T>(
    userId: string,
    { deadline, hasBegun = () => true, supersedes, keep = () => undefined }: TurnToCount<T>,
    begin: (lease: string | undefined) => Promise<T>,
  ): Promise<{ readonly begun: T; readonly place: TakenPlace | undefined }> {
    if (!this.hasLimit) return { begun: await begin(undefined), place: undefined };
    const lease = randomUUID();
    const until = deadline + LEASE_MARGIN;
    const wanted = { userId, id: toPlaceId(lease), takenAt: this.clock.now(), until };
    const place = await this.take(wanted, { supersedes, keep });
    try {
      const begun = await begin(lease);
      if (!hasBegun(begun)) await this.refund(place, keep);
      return { begun, place };
    } catch (error) {
      if (error instanceof DomainError && error.kind !== 'unavailable') await this.refund(place, keep);
      // The turn may have begun nevertheless, so it stays counted. Nobody runs it.
      else keep(this.end(place));
      throw error;
    }
  }

  /**
   * Frees the place of a turn that has ended, and adds its tokens to its day. While the table fails, it is tried again
   * until the lease of the turn ends. It never throws: without it the place ends by its time.
   *
   * @param tokens - if the agent has counted them.
   */
  async end(place: TakenPlace, tokens?: Tokens): Promise<void> {
    const { running, oldMinutes, oldDays } = place.usage;
    const dead = running.filter(({ until }) => until <= place.takenAt);
    const leftovers = { oldMinutes, oldDays, places: toTexts(dead) };
    try {
      await this.repository.end(place, leftovers, tokens);
    } catch {
      this.warnOfPlace();
    }
  }

  /**
   * Frees the place of a turn that its own process does not end. While the table fails, it is tried again for a minute. It
   * never throws: without it the place ends by its time.
   */
  async freeAbandoned(userId: string, lease: string): Promise<void> {
    if (!this.hasLimit) return;
    await this.repository.free(userId, toPlaceId(lease), this.clock.now() + MINUTE).catch(() => this.warnOfPlace());
  }

  private get hasLimit(): boolean {
    return Object.values(this.limits).some((limit) => limit > 0);
  }

  private warnOfPlace(): void {
    this.logger.warn('Cannot free the place of a turn that has ended; it is taken until its lease ends');
  }

  private async take(
    place: QuotaPlace,
    { supersedes = async () => undefined, keep }: { supersedes: TurnToCount<never>['supersedes']; keep: Keep },
  ): Promise<TakenPlace> {
    let mayArriveLate = false;
    let superseded: RunningPlace | undefined;
    try {
      for (let tries = 1; ; tries += 1) {
        const { taken, sends } = await this.repository.take(place, this.limits, superseded?.text);
        if (taken) return { ...place, usage: taken };
        mayArriveLate ||= sends > 1;
        const usage = await this.repository.read(place);
        // The SDK has sent the write twice.
        if (usage.minuteIds.has(place.id)) return { ...place, usage };
        const dead = usage.running.filter(({ until }) => until <= place.takenAt);
        if (tries === TRIES) throw this.refuse(place, usage);
        if (dead.length > 0) await this.repository.removeRunning(place.userId, toTexts(dead));
        const alive = usage.running.filter((other) => !dead.includes(other));
        superseded = await this.findSuperseded(alive, supersedes);
        if (dead.length === 0 && !superseded) throw this.refuse(place, usage);
      }
    } catch (error) {
      // The place may be taken, or may still be taken by a write that arrives late. If this fails, it ends by its time.
      const mayBeTaken = mayArriveLate || error instanceof StorageUnavailableError;
      if (mayBeTaken) keep(this.repository.cancel(place).catch(() => undefined));
      throw error;
    }
  }

  /** The place of the turn that another one would stop, if it is the running turns that are too many. */
  private async findSuperseded(
    running: readonly RunningPlace[],
    supersedes: NonNullable<TurnToCount<never>['supersedes']>,
  ): Promise<RunningPlace | undefined> {
    const { turnsAtOnce } = this.limits;
    const lease = turnsAtOnce > 0 && running.length >= turnsAtOnce ? await supersedes() : undefined;
    return lease === undefined ? undefined : running.find(({ id }) => id === toPlaceId(lease));
  }

  private refuse({ takenAt }: QuotaPlace, usage: Usage): TooManyTurnsError {
    const { turnsPerMinute, turnsPerDay, turnsAtOnce, refundsPerMinute } = this.limits;
    const isReached = (limit: number, count: number) => limit > 0 && count >= limit;
    if (isReached(turnsPerDay, usage.turns)) return new TooManyTurnsError(getSecondsToNext(DAY, takenAt));
    const isMinuteUsedUp =
      isReached(turnsPerMinute, usage.minuteIds.size) || isReached(refundsPerMinute, usage.refunds);
    if (isMinuteUsedUp) return new TooManyTurnsError(getSecondsToNext(MINUTE, takenAt));
    // Without a reason, what was in the way is gone.
    if (!isReached(turnsAtOnce, usage.running.length)) return new TooManyTurnsError(1);
    const firstEnd = Math.min(...usage.running.map(({ until }) => until));
    const seconds = Math.ceil((firstEnd - takenAt) / 1000);
    return new TooManyTurnsError(Math.min(RETRY_AFTER_MAX_SECONDS, Math.max(1, seconds)));
  }

  private async refund(place: TakenPlace, keep: Keep): Promise<void> {
    try {
      await this.repository.refund(place, place.usage.oldMinutes);
    } catch {
      // A turn too many in the count is no reason to fail the request.
      this.logger.warn('Cannot refund a turn to the quota; it stays counted');
      keep(this.end(place));
    }
  }
}

/** The name of a turn's place: the first bytes of its lease, which are random in a UUID of version 4 (RFC 9562). */
function toPlaceId(lease: string): string {
  const bytes = Buffer.from(lease.replaceAll('-', ''), 'hex').subarray(0, PLACE_ID_BYTES);
  return bytes.toString('base64url');
}

function toTexts(places: readonly RunningPlace[]): string[] {
  return places.map(({ text }) => text);
}

/** Whole seconds until the next window begins, at least 1. */
function getSecondsToNext(window: number, now: number): number {
  return Math.max(1, Math.ceil((window - (now % window)) / 1000));
}
