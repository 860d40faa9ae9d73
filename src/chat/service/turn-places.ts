import { Injectable } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { LAST_WRITE } from '../../config/waits.js';
import { TurnQuota } from '../../usage/turn-quota.js';
import { RunningTurns } from './running-turns.js';
import { tooSlow, within } from './turn-deadline.js';

/** Keeps the process while the places of turns in the quota are freed. */
@Injectable()
export class TurnPlaces {
  constructor(
    private readonly quota: TurnQuota,
    private readonly running: RunningTurns,
  ) {}

  /**
   * Frees the place of a turn that its own process does not end.
   *
   * @returns when it is free, or after a short time. It never rejects.
   */
  async freeAbandoned(userId: string, lease: string): Promise<void> {
    const freed = this.keep(this.quota.freeAbandoned(userId, lease));
    await within({ until: Date.now() + LAST_WRITE, late: tooSlow }, () => freed).catch(() => undefined);
  }

  /**
   * Keeps the process for work that frees a place or a chat. A function, whose response waits for it, keeps it briefly.
   *
   * @returns the work.
   */
  keep(work: Promise<void>): Promise<void> {
    const isFunction = currentRequestContext()?.deadline !== undefined;
    const until = isFunction ? Date.now() + LAST_WRITE : Infinity;
    this.running.keep(within({ until, late: tooSlow }, () => work));
    return work;
  }
}
