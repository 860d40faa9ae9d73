import { Injectable } from '@nestjs/common';
import { DynamoTable, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import { ChatNotFoundError, TurnInProgressError } from '../model/chat.errors.js';
import type { StoredSession } from '../model/turn.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { listPossibleKeys } from './items/split-reply.js';
import { type HeadItem, headKey, toHead } from './items/head-item.js';
import { findLegacyItemName, listLegacyItemKeys } from './items/legacy-messages.js';
import { isTombstone, toTombstone } from './items/tombstone.js';
import { isTurnItem } from './items/turn-item.js';
import { parseTurnNumber, wholeKeyRange } from './items/turn-keys.js';

/** How often a delete looks for a moment in which no turn holds the chat. */
const MARK_ATTEMPTS = 4;

export interface DeleteOptions {
  /** Deletes a chat that has expired too, before DynamoDB removes its items. Without it such a chat is not found. */
  readonly evenIfExpired?: boolean;
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
  ) {}

  /**
   * @returns the agent's session, if the chat had one.
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string, options: DeleteOptions = {}): Promise<StoredSession | undefined> {
    const head = await this.markAsDeleted(userId, chatId, options);
    let keys = [...(await this.listRemains(userId, chatId)), ...listLegacyItemKeys(head)];
    // A turn that died before its item was written may still be completed late.
    const [lastTurn, ...continuations] = listPossibleKeys(userId, chatId, head.turns ?? 1);
    if (lastTurn && !keys.some((key) => key.user_id === lastTurn.user_id)) keys.push(lastTurn, ...continuations);
    while (keys.length > 0) {
      const distinct = new Map(keys.map((key) => [key.user_id, key]));
      await this.table.replace([...distinct.values()].map(toTombstone));
      // A late completion may have put continuations after they were listed. Its next put meets a tombstone.
      keys = await this.listRemains(userId, chatId);
    }
    await this.table.replace([toTombstone(headKey(userId, chatId))]);
    return head.session && { generation: head.session.gen, agent: head.session.agent };
  }

  /** Marks a chat as deleted, or finds the mark of an interrupted delete. @returns the head before it was marked. */
  private async markAsDeleted(
    userId: string,
    chatId: string,
    { evenIfExpired = false }: DeleteOptions,
  ): Promise<HeadItem> {
    for (let attempt = 1; attempt <= MARK_ATTEMPTS; attempt += 1) {
      const item = await this.table.get(headKey(userId, chatId));
      const isGone = !item || isTombstone(item) || (!evenIfExpired && isExpired(item));
      if (isGone) throw new ChatNotFoundError();
      const head = toHead(item);
      if (head.deleted_at !== undefined) return head;
      if (await this.repair.repair(item)) continue;
      if (head.open) await this.recovery.recoverDeadTurn(head, head.open);
      else if (await this.putMark(head)) return head;
    }
    throw new TurnInProgressError(1);
  }

  /**
   * Replaces a head by a mark, unless a turn has begun since it was read. So a late delivery cannot delete a chat that
   * went on. The mark is a whole item, because a full head has no room for one.
   */
  private async putMark(head: HeadItem): Promise<boolean> {
    const { id, user_id, turns, session, expires_at, updated_at: updatedAt } = head;
    const now = new Date().toISOString();
    const mark = {
      id,
      user_id,
      turns,
      session,
      expires_at,
      deleted_at: now,
      // The mark of a delete has both times; a tombstone has `deleted_at` alone.
      updated_at: updatedAt ?? now,
      // The name leads to the messages if they are being moved.
      inline_item: findLegacyItemName(head),
    };
    return this.table.put(mark, {
      expression:
        'attribute_exists(id) AND attribute_not_exists(deleted_at) AND attribute_not_exists(#open) AND ' +
        (turns === undefined ? 'attribute_not_exists(turns)' : 'turns = :seen'),
      names: { '#open': 'open' },
      ...(turns !== undefined && { values: { ':seen': turns } }),
    });
  }

  /** The keys of all items that are not tombstones yet, and of continuations that a failed turn may still get. */
  private async listRemains(userId: string, chatId: string): Promise<ItemKey[]> {
    const keys: ItemKey[] = [];
    for await (const item of this.table.backwards({ id: chatId, ...wholeKeyRange(userId), pageSize: 1000 })) {
      if (isTombstone(item)) continue;
      const key = { id: chatId, user_id: String(item['user_id']) };
      const isFailed = isTurnItem(item) && item['status'] === 'failed';
      keys.push(...(isFailed ? listPossibleKeys(userId, chatId, parseTurnNumber(key)) : [key]));
    }
    return keys;
  }
}
