import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import type { StoredTurn } from '../model/chat.js';
import { DynamoTable, type ItemKey, ItemTooLargeError } from '../../dynamodb/dynamo-table.js';
import { headKey, type HeadItem, inlineTurnsOf, toStoredChat, visibleHead } from './items/head-item.js';
import { toExpiry, isExpired } from '../../dynamodb/item-expiry.js';
import { legacySortKey, toTombstone } from './items/turn-item.js';
import type { StoredChat } from '../model/turn.js';

/** Tries of a write that is too large: a turn that ends meanwhile changes the head too. */
const ATTEMPTS = 3;

/**
 * The messages that the original system kept inside a chat's item. They stay there, until the item has no room for a
 * turn any more: DynamoDB takes 400 KB. Then they move to an item of their own, as they are, and the head keeps its
 * name. First the item is put, then one write on the head replaces the messages by the name: whoever reads sees them
 * in one place or the other, and a move that was interrupted is done again with the same item.
 */
@Injectable()
export class DynamoLegacyHistory {
  constructor(
    private readonly table: DynamoTable,
    private readonly environment: Environment,
  ) {}

  /** Does something that may make a chat's head too large; if so, moves the messages inside it away and does it again. */
  async withOverflowItem<T>(userId: string, chatId: string, write: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof ItemTooLargeError) || attempt === ATTEMPTS) throw error;
        await this.moveAway(userId, chatId);
      }
    }
  }

  /** The turns of the original system, oldest first, wherever they are. */
  async turns(chat: StoredChat): Promise<readonly StoredTurn[]> {
    if (chat.inlineItem === undefined) return chat.inlineTurns;
    const item = await this.table.get({ id: chat.id, user_id: legacySortKey(chat.userId, chat.inlineItem) });
    return item && !isExpired(item) ? inlineTurnsOf(item['messages']) : [];
  }

  /** The name of the item that a head's messages have moved to, or would move to; none where it never had any. */
  nameFor({ messages, inline_item: name }: HeadItem): string | undefined {
    return Array.isArray(messages) ? nameOf(messages) : name;
  }

  /** Where a head's messages are or would move: a move may still be under way when the chat is deleted. */
  placesToMoveTo(head: HeadItem): ItemKey[] {
    const name = this.nameFor(head);
    return name === undefined ? [] : [{ id: head.id, user_id: legacySortKey(head.user_id, name) }];
  }

  private async moveAway(userId: string, chatId: string): Promise<void> {
    const key = headKey(userId, chatId);
    const head = visibleHead(await this.table.get(key));
    if (!head || !Array.isArray(head.messages)) return;

    const name = nameOf(head.messages);
    const item = { id: chatId, user_id: legacySortKey(userId, name), messages: head.messages as unknown[] };
    const expiry = toExpiry(this.environment.CHAT_TTL_DAYS);
    // The item is smaller than the head was: it has neither its title nor its times.
    if (!(await this.table.put({ ...item, ...expiry }, 'attribute_not_exists(deleted_at)'))) return;
    await this.pointTo(head, name);
    // Deleted meanwhile: the delete may have missed the item.
    if (!visibleHead(await this.table.get(key))) await this.table.replace([toTombstone(item)]);
  }

  /** Replaces the messages inside a head by the name of their item, if they are still those. */
  private async pointTo(head: HeadItem, name: string): Promise<void> {
    await this.table.update({
      Key: headKey(head.user_id, head.id),
      // Whoever adds messages, which is the original system alone, sets the time too.
      ConditionExpression:
        'size(messages) = :count AND attribute_not_exists(deleted_at) ' +
        `AND ${head.updated_at === undefined ? 'attribute_not_exists(updated_at)' : 'updated_at = :time'}`,
      UpdateExpression: 'SET inline_item = :name, #title = :title REMOVE messages',
      ExpressionAttributeNames: { '#title': 'title' },
      // A chat without a title is called by its first message, which is no longer at hand.
      ExpressionAttributeValues: {
        ':count': (head.messages as unknown[]).length,
        ':name': name,
        ':title': toStoredChat(head).title,
        ...(head.updated_at !== undefined && { ':time': head.updated_at }),
      },
      ReturnValues: 'NONE',
    });
  }
}

/** By what they hold: what another move has put under the same name is the same. */
function nameOf(messages: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(messages)).digest('base64url').slice(0, 11);
}
