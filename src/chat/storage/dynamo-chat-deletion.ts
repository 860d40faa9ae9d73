import { Injectable } from '@nestjs/common';
import { ChatNotFoundError, TurnInProgressError } from '../model/chat.errors.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTable, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { type HeadItem, headKey } from './items/head-item.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import { isTurnItem, possibleKeys, toTombstone, parseTurnNumber, wholeKeyRange } from './items/turn-item.js';
import { Computed, buildUpdate } from '../../dynamodb/update-expression.js';

/** Tries of a delete to find the chat without a turn. */
const MARK_ATTEMPTS = 3;

/**
 * Deletes chats for good. The head is marked first, which takes the chat out of every answer at once; then every item
 * becomes a tombstone that refuses late writes and expires after a day, the head last: a repeated delete finds what an
 * interrupted one has left.
 */
@Injectable()
export class DynamoChatDeletion {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly inline: DynamoLegacyHistory,
  ) {}

  /**
   * @returns the generation of the agent's session, if the chat had one.
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<string | undefined> {
    const head = await this.mark(userId, chatId);
    const [last, ...parts] = possibleKeys(userId, chatId, head.turns ?? 1);
    let keys = [...(await this.remains(userId, chatId)), ...this.inline.placesToMoveTo(head)];
    // A turn that died before its item was written may still be completed late.
    if (last && !keys.some(({ user_id: key }) => key === last.user_id)) keys = [...keys, last, ...parts];
    // A late answer may have put its continuations after they were looked for; the next one finds its place taken.
    for (; keys.length > 0; keys = await this.remains(userId, chatId)) {
      const distinct = new Map(keys.map((key) => [key.user_id, key])).values();
      await this.table.replace([...distinct].map(toTombstone));
    }
    await this.table.replace([toTombstone(headKey(userId, chatId))]);
    return head.session?.gen;
  }

  /**
   * Marks a chat as deleted. One that an interrupted delete has marked before is found again.
   *
   * @returns its head as it was before.
   */
  private async mark(userId: string, chatId: string): Promise<HeadItem> {
    for (let attempt = 1; attempt <= MARK_ATTEMPTS; attempt += 1) {
      const head = (await this.table.get(headKey(userId, chatId))) as HeadItem | undefined;
      // What a finished delete has left has no `updated_at` any more.
      const isGone = !head || isExpired(head) || (head.deleted_at !== undefined && head.updated_at === undefined);
      if (isGone) throw new ChatNotFoundError();
      if (head.deleted_at !== undefined) return head;
      if (head.open) await this.recovery.clearAway(userId, head, head.open);
      else if (await this.markAsSeen(head)) return head;
    }
    throw new TurnInProgressError(1);
  }

  /** Marks a head as deleted if no turn has begun since it was read: a mark that arrives late finds a later turn. */
  private async markAsSeen(head: HeadItem): Promise<boolean> {
    const { turns } = head;
    const isUnchanged = turns === undefined ? 'attribute_not_exists(turns)' : 'turns = :seen';
    const now = new Date().toISOString();
    const marked = await this.table.update({
      Key: headKey(head.user_id, head.id),
      ...buildUpdate(
        {
          deleted_at: new Computed('if_not_exists(deleted_at, :now)'),
          // Tells a chat that is being deleted from one that has been.
          updated_at: new Computed('if_not_exists(updated_at, :now)'),
          // The messages inside may leave no room for the mark; where they may be on their way to is remembered.
          messages: null,
          inline_item: this.inline.nameFor(head),
        },
        {
          expression: `attribute_exists(id) AND attribute_not_exists(#open) AND ${isUnchanged}`,
          names: { '#open': 'open' },
          values: { ':now': now, ...(turns !== undefined && { ':seen': turns }) },
        },
      ),
    });
    return marked !== undefined;
  }

  /**
   * The keys of a chat's turns and continuations that are no tombstones yet, and of the continuations that a failed turn
   * may still get from its late completer.
   */
  private async remains(userId: string, chatId: string): Promise<ItemKey[]> {
    const keys: ItemKey[] = [];
    for await (const item of this.table.backwards({ id: chatId, ...wholeKeyRange(userId), pageSize: 1000 })) {
      if (item['deleted_at']) continue;
      const key = { id: chatId, user_id: String(item['user_id']) };
      const isFailed = isTurnItem(item) && item.status === 'failed';
      keys.push(...(isFailed ? possibleKeys(userId, chatId, parseTurnNumber(key)) : [key]));
    }
    return keys;
  }
}
