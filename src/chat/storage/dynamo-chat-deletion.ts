import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import { buildUpdate, Computed } from '../../dynamodb/update-expression.js';
import { ChatNotFoundError, ChatsRemainError, TurnInProgressError } from '../model/chat.errors.js';
import type { StoredSession } from '../model/turn.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { listPossibleKeys } from './items/split-reply.js';
import { type HeadItem, headKey } from './items/head-item.js';
import { findLegacyItemName, listLegacyItemKeys } from './items/legacy-messages.js';
import { toTombstone } from './items/tombstone.js';
import { isTurnItem } from './items/turn-item.js';
import { parseTurnNumber, wholeKeyRange } from './items/turn-keys.js';

/** How often a delete looks for a moment in which no turn holds the chat. */
const MARK_ATTEMPTS = 3;
/** Items that are replaced before more are read. */
const ITEMS_AT_ONCE = 100;

export interface DeleteOptions {
  /** Deletes a chat that has expired too, before DynamoDB removes its items. Without it such a chat is not found. */
  readonly evenIfExpired?: boolean;
  /** Epoch milliseconds after which another delete must continue. No limit by default. */
  readonly deadline?: number;
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
   * Marks a chat as deleted, or finds the mark of an interrupted delete.
   *
   * @returns the head before it was marked, with the session that the recovery of a dead turn drops.
   */
  private async markAsDeleted(userId: string, chatId: string, options: DeleteOptions): Promise<HeadItem> {
    let session: HeadItem['session'];
    for (let attempt = 1; attempt <= MARK_ATTEMPTS; attempt += 1) {
      const head = toDeletableHead(await this.table.get(headKey(userId, chatId)), options);
      if (!head) throw new ChatNotFoundError();
      session ??= head.session;
      const found = { ...head, ...(session && { session }) };
      if (head.deleted_at !== undefined) return found;
      if (head.open) await this.recovery.recoverDeadTurn(head, head.open);
      else if (await this.putMark(head)) return found;
    }
    throw new TurnInProgressError(1);
  }

  /** Marks a head unless a turn has begun since it was read. So a late delivery cannot delete a chat that went on. */
  private async putMark(head: HeadItem): Promise<boolean> {
    const { turns } = head;
    const isUnchanged = turns === undefined ? 'attribute_not_exists(turns)' : 'turns = :seen';
    const now = new Date().toISOString();
    const marked = await this.table.update({
      Key: headKey(head.user_id, head.id),
      ...buildUpdate(
        {
          deleted_at: now,
          // A head with both times is being deleted; a tombstone has `deleted_at` alone.
          updated_at: new Computed('if_not_exists(updated_at, :now)'),
          // A full head has no room for the mark. The name leads to the messages if they are being moved.
          messages: null,
          inline_item: findLegacyItemName(head),
        },
        {
          // A late repetition must not turn a tombstone back into a mark.
          expression: `attribute_exists(id) AND attribute_not_exists(#open) AND attribute_not_exists(#deleted_at) AND ${isUnchanged}`,
          names: { '#open': 'open' },
          values: { ':now': now, ...(turns !== undefined && { ':seen': turns }) },
        },
      ),
    });
    return marked !== undefined;
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

  /** The keys of all items that are not tombstones yet, and of continuations that a failed turn may still get. */
  private async *listRemains(
    userId: string,
    chatId: string,
    { deadline = Infinity }: DeleteOptions,
  ): AsyncGenerator<ItemKey> {
    for await (const item of this.table.backwards({ id: chatId, ...wholeKeyRange(userId), pageSize: 1000 })) {
      if (Date.now() >= deadline) throw new ChatsRemainError();
      if (item['deleted_at']) continue;
      const key = { id: chatId, user_id: String(item['user_id']) };
      const isFailed = isTurnItem(item) && item.status === 'failed';
      yield* isFailed ? listPossibleKeys(userId, chatId, parseTurnNumber(key)) : [key];
    }
  }
}

/** The item as a head that can be deleted, or undefined if it is absent, a tombstone, or expired. */
function toDeletableHead(item: Item | undefined, { evenIfExpired = false }: DeleteOptions): HeadItem | undefined {
  const head = item as HeadItem | undefined;
  const isTombstone = head?.deleted_at !== undefined && head.updated_at === undefined;
  return head && (evenIfExpired || !isExpired(head)) && !isTombstone ? head : undefined;
}
