import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import { ChatNotFoundError, ChatsRemainError, TurnInProgressError } from '../model/chat.errors.js';
import type { OnAbandoned, StoredSession } from '../model/turn.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { DynamoTurnStop } from './dynamo-turn-stop.js';
import { listPossibleKeys } from './items/split-reply.js';
import { type HeadItem, headKey, toHead } from './items/head-item.js';
import { findLegacyItemName, listLegacyItemKeys } from './items/legacy-messages.js';
import { isDeleteMark, isTombstone, toTombstone, whileKeyIsFree } from './items/tombstone.js';
import { isTurnItem } from './items/turn-item.js';
import { parseTurnNumber, wholeKeyRange } from './items/turn-keys.js';
import { isLeaseLive } from './items/turn-lease.js';

/** How often a delete looks for a moment in which no turn holds the chat. */
const MARK_ATTEMPTS = 4;
/** Items that are replaced before more are read. */
const ITEMS_AT_ONCE = 100;

export interface DeleteOptions {
  /** Deletes a chat that has expired too, before DynamoDB removes its items. Without it such a chat is not found. */
  readonly evenIfExpired?: boolean;
  /** Whether a head may be deleted. It is asked each time that the head is read. Every head may by default. */
  readonly onlyIf?: (head: Item) => boolean;
  /** Epoch milliseconds after which another delete must continue. No limit by default. */
  readonly deadline?: number;
  /** Stops a running turn first, and gets its lease as soon as that is stored. Without it, the delete is refused. */
  readonly onStop?: (lease: string) => void;
  readonly onAbandoned?: OnAbandoned;
}

/**
 * Deletes chats for good. First the head is marked, so that every other request gets 404 at once.
 * Then every item is replaced by a tombstone, the head last, so that an interrupted delete can be repeated.
 */
@Injectable()
export class DynamoChatDeletion {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly repair: DynamoHeadRepair,
    private readonly stops: DynamoTurnStop,
  ) {}

  /**
   * @returns the agent's session, if the chat had one.
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError; ChatsRemainError at the deadline
   */
  async delete(userId: string, chatId: string, options: DeleteOptions = {}): Promise<StoredSession | undefined> {
    const head = await this.markAsDeleted(userId, chatId, options);
    let keys = this.listKeys(head, options);
    // A late completion may have put continuations after they were listed. Its next put meets a tombstone.
    while (await this.replaceAll(keys)) keys = this.listRemains(userId, chatId, options);
    await this.table.replace([toTombstone(headKey(userId, chatId))]);
    return head.session && { generation: head.session.gen, agent: head.session.agent };
  }

  /**
   * Finishes a delete that was interrupted. It deletes nothing that has no mark.
   *
   * @throws ChatNotFoundError without a mark; StorageUnavailableError, ChatsRemainError
   */
  async finish(userId: string, chatId: string, options: Pick<DeleteOptions, 'deadline'>): Promise<void> {
    await this.delete(userId, chatId, { ...options, evenIfExpired: true, onlyIf: isDeleteMark });
  }

  /**
   * Deletes what is left of a chat whose head has gone. A mark takes the place of the head first. So the items go too if this is
   * interrupted, and no key opens the chat meanwhile.
   *
   * @throws ChatNotFoundError when the chat has a head; StorageUnavailableError, ChatsRemainError
   */
  async deleteWithoutHead(userId: string, chatId: string, options: DeleteOptions = {}): Promise<void> {
    const now = new Date().toISOString();
    const mark = { ...headKey(userId, chatId), deleted_at: now, updated_at: now };
    if (!(await this.table.put(mark, whileKeyIsFree()))) throw new ChatNotFoundError();
    await this.finish(userId, chatId, options);
  }

  /**
   * Marks a chat as deleted, or finds the mark of an interrupted delete.
   *
   * @returns the head before it was marked, with the session that the recovery of a dead turn drops.
   */
  private async markAsDeleted(
    userId: string,
    chatId: string,
    { evenIfExpired = false, onlyIf = () => true, onStop, onAbandoned }: DeleteOptions,
  ): Promise<HeadItem> {
    let session: HeadItem['session'];
    let stop = onStop;
    for (let attempt = 0; ; attempt += 1) {
      const item = await this.table.get(headKey(userId, chatId));
      const isGone = !item || isTombstone(item) || (!evenIfExpired && isExpired(item)) || !onlyIf(item);
      if (isGone) throw new ChatNotFoundError();
      const head = toHead(item);
      session ??= head.session;
      const found = { ...head, ...(session && { session }) };
      if (head.deleted_at !== undefined) return found;
      if (attempt === MARK_ATTEMPTS) throw new TurnInProgressError(1);
      if (await this.repair.repair(item)) continue;
      if (head.open && stop && isLeaseLive(head.open)) {
        await this.stops.end(head, head.open, { onStop: stop, onAbandoned });
        // A turn that begins after this one is not stopped.
        stop = undefined;
      } else if (head.open) await this.recovery.recoverDeadTurn(head, head.open, onAbandoned);
      else if (await this.putMark(found)) return found;
    }
  }

  /**
   * Replaces a head by a mark, unless a turn has begun since it was read, or its expiry was renewed. So a late delivery
   * cannot delete a chat that went on. The mark is a whole item, because a full head has no room for one. It does not
   * expire. It leads to the other items, and tombstones that outlive it would refuse the turns of a chat that a key opens
   * anew.
   */
  private async putMark(head: HeadItem): Promise<boolean> {
    const { id, user_id, turns, session, updated_at: updatedAt } = head;
    const now = new Date().toISOString();
    const expiresAt = isExpired(head) ? head.expires_at : undefined;
    const values = {
      ...(turns !== undefined && { ':seen': turns }),
      ...(expiresAt !== undefined && { ':expiresAt': expiresAt }),
    };
    const mark = {
      id,
      user_id,
      turns,
      session,
      deleted_at: now,
      // The mark of a delete has both times; a tombstone has `deleted_at` alone.
      updated_at: updatedAt ?? now,
      // The name leads to the messages if they are being moved.
      inline_item: findLegacyItemName(head),
    };
    return this.table.put(mark, {
      expression:
        'attribute_exists(id) AND attribute_not_exists(deleted_at) AND attribute_not_exists(#open) AND ' +
        (turns === undefined ? 'attribute_not_exists(turns)' : 'turns = :seen') +
        (expiresAt === undefined ? '' : ' AND expires_at = :expiresAt'),
      names: { '#open': 'open' },
      ...(Object.keys(values).length > 0 && { values }),
    });
  }

  /** Puts tombstones at keys while they are listed. @returns false if there are none. */
  private async replaceAll(keys: AsyncIterable<ItemKey>): Promise<boolean> {
    const tombstones = new Map<string, Item>();
    let hasKeys = false;
    for await (const key of keys) {
      hasKeys = true;
      tombstones.set(key.user_id, toTombstone(key));
      if (tombstones.size < ITEMS_AT_ONCE) continue;
      await this.table.replace([...tombstones.values()]);
      tombstones.clear();
    }
    await this.table.replace([...tombstones.values()]);
    return hasKeys;
  }

  /** The keys of all items except the head, present or to come. */
  private async *listKeys(head: HeadItem, options: DeleteOptions): AsyncGenerator<ItemKey> {
    const [lastTurn, ...continuations] = listPossibleKeys(head.user_id, head.id, head.turns ?? 1);
    let isLastStored = false;
    for await (const key of this.listRemains(head.user_id, head.id, options)) {
      isLastStored ||= key.user_id === lastTurn?.user_id;
      yield key;
    }
    yield* listLegacyItemKeys(head);
    // A turn that died before its item was written may still be completed late.
    if (lastTurn && !isLastStored) yield* [lastTurn, ...continuations];
  }

  /** The keys of all items that are not tombstones yet, and of continuations that a turn without a reply may still get. */
  private async *listRemains(
    userId: string,
    chatId: string,
    { deadline = Infinity }: DeleteOptions,
  ): AsyncGenerator<ItemKey> {
    for await (const item of this.table.backwards({ id: chatId, ...wholeKeyRange(userId), pageSize: 1000 })) {
      if (Date.now() >= deadline) throw new ChatsRemainError();
      if (isTombstone(item)) continue;
      const key = { id: chatId, user_id: String(item['user_id']) };
      const lacksReply = isTurnItem(item) && item['answer'] === undefined;
      yield* lacksReply ? listPossibleKeys(userId, chatId, parseTurnNumber(key)) : [key];
    }
  }
}
