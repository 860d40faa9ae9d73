import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TurnQuota } from '../../usage/turn-quota.js';
import { AgentProvider } from '../agent/agent.js';
import type { Replay, TokenUsage } from '../model/chat.js';
import { hasBegun, type RunningTurn, type TurnRequest } from '../model/turn.js';
import type { TurnIds } from '../model/turn-ids.js';
import { DynamoChatRepository } from '../storage/dynamo-chat.repository.js';
import { LiveTurns } from './live-turns.js';
import { tooSlow, within } from './turn-deadline.js';
import { TurnPlaces } from './turn-places.js';
import { TurnSupersession } from './turn-supersession.js';
import { TurnTimes } from './turn-times.js';

/** A turn that asks to begin. */
export interface AdmissionOptions {
  /** Epoch milliseconds by which the turn will have ended. */
  readonly deadline: number;
  /** Names of the user's claims that the agent gets. */
  readonly attributeNames: readonly string[];
  /** Whether a running turn of the chat is stopped for this one, even if somebody reads it. */
  readonly supersede: boolean;
  /** Gets the ids of the turn as soon as it has begun. */
  readonly onTurn: ((ids: TurnIds) => void) | undefined;
}

/** A turn that has begun, or the reply of an earlier turn with the same key. */
export interface Admission {
  readonly begun: RunningTurn | Replay;
  /** Frees the place that the turn has in the quota, and counts its tokens. It never rejects. */
  readonly onEnd: (tokens?: TokenUsage) => Promise<void>;
}

const ignore = () => undefined;

/** Begins turns, within the quota of their user and within a time limit. */
@Injectable()
export class TurnAdmission {
  constructor(
    private readonly quota: TurnQuota,
    private readonly agent: AgentProvider,
    private readonly chats: DynamoChatRepository,
    private readonly live: LiveTurns,
    private readonly superseding: TurnSupersession,
    private readonly places: TurnPlaces,
    private readonly times: TurnTimes,
  ) {}

  /**
   * Takes a place in the quota, and begins the turn. If it does not begin, the place is given back.
   *
   * @throws TooManyTurnsError, ChatNotFoundError, TurnInProgressError, TurnStoppedError, IdempotencyKeyReusedError,
   * StorageUnavailableError
   */
  async begin(
    userId: string,
    request: TurnRequest,
    { deadline, attributeNames, supersede, onTurn }: AdmissionOptions,
  ): Promise<Admission> {
    const keep = (work: Promise<void>) => this.places.keep(work);
    const onAbandoned = (lease: string) => void this.places.freeAbandoned(userId, lease);
    const supersession = this.superseding.create(supersede);
    const supersedes = () => this.superseding.findLease(userId, request, supersession);
    const { memory } = this.agent;
    const options = { deadline, keep, supersession, onAbandoned, onTurn, memory, attributeNames };
    // The turn that is in the way has a time of its own to end.
    const limit = this.times.begin + (supersede ? this.times.stopWait : 0);
    const { begun, place } = await this.beginWithin(limit, keep, (signal) =>
      this.quota.consume(userId, { deadline, hasBegun, supersedes, keep }, (lease = randomUUID()) =>
        this.live.begin(lease, () => this.chats.begin(userId, request, { ...options, lease, signal })),
      ),
    );
    return { begun, onEnd: async (tokens) => place && keep(this.quota.end(place, tokens)) };
  }

  /**
   * Waits for a begin within its limit. Its calls to the table then end in the background, and free what they have taken.
   *
   * @param limit - milliseconds.
   * @throws StorageUnavailableError after the limit, and what `begin` throws.
   */
  private async beginWithin<T>(
    limit: number,
    keep: (work: Promise<void>) => unknown,
    begin: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return within({ until: Date.now() + limit, late: tooSlow }, (signal) => {
      const work = begin(signal);
      signal.addEventListener('abort', () => keep(work.then(ignore, ignore)), { once: true });
      return work;
    });
  }
}
