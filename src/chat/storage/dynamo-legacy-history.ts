import { Injectable } from '@nestjs/common';
import { TableSettings } from '../../config/settings.js';
import { DynamoTable, ItemTooLargeError } from '../../dynamodb/dynamo-table.js';
import { isExpired, toExpiry } from '../../dynamodb/item-expiry.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { StoredTurn } from '../model/chat.js';
import type { StoredChat } from '../model/turn.js';
import { type HeadItem, headKey, toChatSummary, toVisibleHead, whileTitleIsOf } from './items/head-item.js';
import {
  hasLegacyMessages,
  legacySortKey,
  listLegacyTurns,
  pickLegacyMessages,
  toLegacyItemName,
} from './items/legacy-messages.js';
import { isTombstone, toTombstone } from './items/tombstone.js';

/** Most times that messages are moved for one write: a turn that ends meanwhile changes the head too. */
const MAX_MOVES = 2;

/**
 * The messages that the original system kept inside a chat's head. They stay there until the head is full (400 KB).
 * Then they move unchanged to an item of their own, and the head keeps that item's name.
 *
 * The item is put first; then one write on the head replaces the messages by the name. So readers always see them
 * in one place, and an interrupted move is repeated with the same item.
 */
@Injectable()
export class DynamoLegacyHistory {
  constructor(
    private readonly table: DynamoTable,
    private readonly settings: TableSettings,
  ) {}

  /** Runs a write that may make the head too large. If it does, moves the messages out of the head and runs it again. */
  async withOverflowItem<T>(userId: string, chatId: string, write: () => Promise<T>): Promise<T> {
    for (let moves = 0; moves < MAX_MOVES; moves += 1) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof ItemTooLargeError)) throw error;
        await this.moveMessages(userId, chatId);
      }
    }
    return write();
  }

  /**
   * The turns of the original system, oldest first, from the head or from their own item.
   *
   * @returns undefined if their item is deleted.
   * @throws UnreadableItemError
   */
  async listTurns({ id, userId, legacy }: StoredChat): Promise<readonly StoredTurn[] | undefined> {
    if (hasLegacyMessages(legacy) || legacy.itemName === undefined) return listLegacyTurns(id, legacy);
    const item = await this.table.get({ id, user_id: legacySortKey(userId, legacy.itemName) });
    if (item && isTombstone(item)) return undefined;
    return item && !isExpired(item) ? listLegacyTurns(id, item) : [];
  }

  private async moveMessages(userId: string, chatId: string): Promise<void> {
    const key = headKey(userId, chatId);
    const head = toVisibleHead(await this.table.get(key));
    if (!head || !hasLegacyMessages(head)) return;

    const name = toLegacyItemName(head);
    const item = { id: chatId, user_id: legacySortKey(userId, name), ...pickLegacyMessages(head) };
    const expiry = toExpiry(this.settings.chatTtlDays);
    // The item is smaller than the head was: it has no title and no times.
    if (!(await this.table.put({ ...item, ...expiry }, { expression: 'attribute_not_exists(deleted_at)' }))) return;
    await this.replaceByName(head, name);
    // A delete that ran meanwhile may have missed the item.
    if (!toVisibleHead(await this.table.get(key))) await this.table.replace([toTombstone(item)]);
  }

  /** Replaces the messages of a head by the name of their item, unless they have changed since they were read. */
  private async replaceByName(head: HeadItem, name: string): Promise<void> {
    const messages = Object.entries(pickLegacyMessages(head));
    const lists = messages.flatMap(([attribute, value]) => (Array.isArray(value) ? [{ attribute, value }] : []));
    const isNotRenamed = whileTitleIsOf(head);
    const conditions = [
      'attribute_not_exists(deleted_at)',
      isNotRenamed.expression,
      // Only the original system adds messages, and it sets `updated_at` too.
      head.updated_at === undefined ? 'attribute_not_exists(updated_at)' : 'updated_at = :time',
      ...lists.map(({ attribute }) => `size(${attribute}) = :${attribute}`),
    ];
    await this.table.update({
      Key: headKey(head.user_id, head.id),
      ...buildUpdate(
        {
          inline_item: name,
          // A chat without a title takes it from its first message, which the head no longer has.
          title: toChatSummary(head).title,
          ...Object.fromEntries(messages.map(([attribute]) => [attribute, null])),
        },
        {
          expression: conditions.join(' AND '),
          values: {
            ...isNotRenamed.values,
            ...Object.fromEntries(lists.map(({ attribute, value }) => [`:${attribute}`, value.length])),
            ...(head.updated_at !== undefined && { ':time': head.updated_at }),
          },
        },
      ),
      ReturnValues: 'NONE',
    });
  }
}
