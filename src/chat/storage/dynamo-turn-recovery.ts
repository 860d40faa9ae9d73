import { Injectable } from '@nestjs/common';
import { TableSettings } from '../../config/settings.js';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired, LATE_WRITE_MILLISECONDS, toExpiry, toSeconds } from '../../dynamodb/item-expiry.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { OnAbandoned } from '../model/turn.js';
import { DynamoHiddenTurns } from './dynamo-hidden-turns.js';
import { DynamoTurnLease } from './dynamo-turn-lease.js';
import { type HeadItem, headKey, type OpenTurn } from './items/head-item.js';
import { toRanges } from './items/hidden-turns.js';
import { listNewestKeys } from './items/remembered-keys.js';
import { findLastTime, toEndTime } from './items/stored-times.js';
import { toTurnItem } from './items/read-turn-item.js';
import { isTombstone, whileKeyIsFree } from './items/tombstone.js';
import { hasReply, isTurnItem, toAbandonedTurnItem, type TurnItem } from './items/turn-item.js';
import { isTurnKey, parseTurnNumber, turnKeyRange, turnSortKey } from './items/turn-keys.js';
import { requireLeaseExpired, whileChatIsHeldBy } from './items/turn-lease.js';

/** The place of a turn whose number was taken. */
export interface TurnPlace {
  readonly number: number;
  /** `stopped`: the turn's own item, which is stopped. `superseded`: its item, but another run has taken over its key. */
  readonly holds: 'nothing' | 'own' | 'stopped' | 'superseded' | 'deleted';
}

/** Ends the turns of processes that died, and finds places for turns whose number is taken. */
@Injectable()
export class DynamoTurnRecovery {
  constructor(
    private readonly table: DynamoTable,
    private readonly leases: DynamoTurnLease,
    private readonly hiddenTurns: DynamoHiddenTurns,
    private readonly settings: TableSettings,
  ) {}

  /**
   * Frees a chat whose turn is dead. Its prompt is kept as a failed or stopped turn, unless the turn is stored already.
   *
   * @returns the head's new `ended_at`, or undefined if the turn has changed since the head was read.
   * @throws TurnInProgressError when the turn may still be running.
   */
  async recoverDeadTurn(head: HeadItem, open: OpenTurn, onAbandoned?: OnAbandoned): Promise<string | undefined> {
    const freed = await this.freeStoredTurn(head, open, onAbandoned);
    if (freed !== undefined) return freed;
    requireLeaseExpired(open);
    // The turn may have renewed its lease by a slower clock.
    if (!(await this.leases.endExpired(head, open))) return undefined;
    return this.abandonTurn(head, open, onAbandoned);
  }

  /** Frees a chat from a turn that is stored. @returns the head's new `ended_at`, or undefined if it is not stored. */
  async freeStoredTurn(head: HeadItem, open: OpenTurn, onAbandoned?: OnAbandoned): Promise<string | undefined> {
    const number = head.turns ?? 1;
    const isStored = (await this.getItem(head, number))?.['lease'] === open.lease;
    return isStored ? this.free(head, open, { kept: number, onAbandoned }) : undefined;
  }

  /**
   * Frees a chat from a turn that nobody will finish. Its prompt is kept as a failed or stopped turn.
   *
   * @returns the head's new `ended_at`.
   */
  async abandonTurn(head: HeadItem, open: OpenTurn, onAbandoned?: OnAbandoned): Promise<string> {
    return this.free(head, open, { kept: await this.keepPrompt(head, open), onAbandoned });
  }

  /**
   * Finds the place of a turn whose number is taken: by its own earlier write, by a tombstone, or by another turn.
   * That is where the turn was stored before, else after all other turns.
   */
  async findPlace(
    { id, user_id: userId }: ItemKey,
    turn: Pick<OpenTurn, 'lease' | 'at' | 'prompt'>,
    taken: number,
  ): Promise<TurnPlace> {
    let next = taken;
    const range = { id, first: turnSortKey(userId, taken), last: turnKeyRange(userId).last, pageSize: 100 };
    for await (const item of this.table.backwards(range)) {
      if (isExpired(item)) continue;
      const number = parseTurnNumber(item as Item & ItemKey);
      next = Math.max(next, number + 1);
      if (isTurnKey(item) && isTombstone(item)) return { number, holds: 'deleted' };
      if (!isTurnItem(item)) continue;
      if (item['lease'] === turn.lease) return { number, holds: item['status'] === 'stopped' ? 'stopped' : 'own' };
      const isSuperseded = item['lease'] === undefined && item['at'] === turn.at && item['prompt'] === turn.prompt;
      if (isSuperseded) return { number, holds: 'superseded' };
    }
    return { number: next, holds: 'nothing' };
  }

  /** Keeps what holds a number until it has refused every late delivery of a turn that moves to another number. */
  async keepPlace({ id, user_id: userId }: ItemKey, number: number): Promise<void> {
    const expiresAt = toSeconds(Date.now() + LATE_WRITE_MILLISECONDS);
    const condition = { expression: 'expires_at < :expiresAt', values: { ':expiresAt': expiresAt } };
    await this.table.update({
      Key: { id, user_id: turnSortKey(userId, number) },
      ...buildUpdate({ expires_at: expiresAt }, condition),
      ReturnValues: 'NONE',
    });
  }

  /**
   * Gets the turn with this number, or undefined if there is none or it has expired.
   *
   * @throws UnreadableItemError
   */
  async getTurn(head: ItemKey, number: number): Promise<TurnItem | undefined> {
    const item = await this.getItem(head, number);
    return item && toTurnItem(item);
  }

  /**
   * Frees a chat from a turn that is stored.
   *
   * @param kept - the number under which it is stored.
   * @returns the head's new `ended_at`.
   */
  private async free(
    head: HeadItem,
    open: OpenTurn,
    { kept, onAbandoned }: { readonly kept: number; readonly onAbandoned: OnAbandoned | undefined },
  ): Promise<string> {
    // The write may succeed although its response is lost. Then nobody else would hear of the turn.
    onAbandoned?.(open.lease);
    const number = head.turns ?? 1;
    const renumbered = kept === number ? [] : ['turns', ...listNewestKeys(head)];
    const endedAt = toEndTime([open.at, findLastTime(head)]);
    const hidden = await this.hideReplaced(head, open, kept);
    await this.table.update({
      Key: headKey(head.user_id, head.id),
      ...buildUpdate(
        {
          ended_at: endedAt,
          updated_at: endedAt,
          ...Object.fromEntries(renumbered.map((name) => [name, kept])),
          open: null,
          session: null,
          hidden,
        },
        whileChatIsHeldBy(open.lease),
      ),
    });
    return endedAt;
  }

  /** Hides what a turn replaces if it is stored with an answer. @returns the head's attribute, if it changes. */
  private async hideReplaced(head: HeadItem, open: OpenTurn, kept: number): Promise<string | undefined> {
    const { replaces } = open;
    if (replaces === undefined) return undefined;
    const item = await this.getItem(head, kept);
    if (item?.['lease'] !== open.lease || !hasReply(item)) return undefined;
    return this.hiddenTurns.hide(head, toRanges(head.hidden), { replaces, number: head.turns ?? 1 });
  }

  private async getItem({ id, user_id: userId }: ItemKey, number: number): Promise<Item | undefined> {
    const item = await this.table.get({ id, user_id: turnSortKey(userId, number) });
    return item && isTurnItem(item) && !isExpired(item) ? item : undefined;
  }

  /** Stores a turn without a reply, unless it is stored by now. @returns its number. */
  private async keepPrompt(head: HeadItem, open: OpenTurn): Promise<number> {
    const end = { doneAt: new Date().toISOString(), expiry: toExpiry(this.settings.chatTtlDays) };
    let place: TurnPlace = { number: head.turns ?? 1, holds: 'nothing' };
    while (place.holds === 'nothing') {
      const { number } = place;
      const item = toAbandonedTurnItem(head, open, { ...end, number });
      if (await this.table.put({ ...item }, whileKeyIsFree())) return number;
      place = await this.findPlace(head, open, number);
      if (place.holds === 'nothing') await this.keepPlace(head, number);
    }
    return place.number;
  }
}
