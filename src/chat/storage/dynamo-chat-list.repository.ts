import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item } from '../../dynamodb/dynamo-table.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { ChatSummary } from '../model/chat.js';
import { isChatId } from '../model/chat-id.js';
import type { ChatListPage, ChatListRange } from '../model/chat-list.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import {
  type HeadItem,
  headKey,
  requireVisibleHead,
  toChatSummary,
  toVisibleHead,
  whileTitleIsOf,
} from './items/head-item.js';
import { parseStoredTime } from './items/stored-times.js';

/** Chats of the first request of a walk over all chats. Later requests get more. */
const WALK_PAGE_SIZE = 25;
/** A delete has ended after this time, or was interrupted. */
const DELETE_MILLISECONDS = 60_000;

/**
 * The list of a user's chats, from the index, and their titles. The index follows the table within about a second, so
 * a chat that has just begun may be missing.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles, or has no index.
 */
@Injectable()
export class DynamoChatListRepository {
  constructor(
    private readonly table: DynamoTable,
    private readonly legacy: DynamoLegacyHistory,
    private readonly repair: DynamoHeadRepair,
  ) {}

  /**
   * Lists one page of a user's chats. Chats that are deleted or have expired are left out, and those of the original
   * system with an id that no request can have.
   */
  async list(userId: string, { after, limit }: ChatListRange): Promise<ChatListPage> {
    const heads: HeadItem[] = [];
    let halfDeleted: string | undefined;
    // One more chat shows whether there is a next page.
    for await (const item of this.table.listByUser({ userId, after, pageSize: limit + 1 })) {
      const head = toVisibleHead(item);
      if (isOldMark(item)) halfDeleted ??= String(item['id']);
      if (!head || !isChatId(head.id)) continue;
      const last = heads.at(-1);
      if (last && heads.length === limit) {
        const place = { id: last.id, updatedAt: String(last.updated_at) };
        return { chats: heads.map(toChatSummary), last: place, halfDeleted };
      }
      heads.push(head);
    }
    return { chats: heads.map(toChatSummary), halfDeleted };
  }

  /** Yields the ids of all chats of a user, whatever their form, also of those that have expired or whose delete was interrupted. */
  async *listIds(userId: string): AsyncGenerator<string> {
    for await (const { id } of this.table.listByUser({ userId, pageSize: WALK_PAGE_SIZE })) yield String(id);
  }

  /**
   * Renames a chat. The title stays when a turn begins or ends, and the place in the list does not change. A random id
   * goes with the title, so that a late repetition of the write cannot undo a later rename.
   *
   * @returns the chat with its title now. If two requests rename a chat at the same time, that is the later title.
   * @throws ChatNotFoundError
   */
  async rename(userId: string, chatId: string, title: string): Promise<ChatSummary> {
    const key = headKey(userId, chatId);
    const item = await this.table.get(key);
    const head = requireVisibleHead(item);
    if (item) await this.repair.repair(item);
    const isNotRenamed = whileTitleIsOf(head);
    const update = {
      Key: key,
      ...buildUpdate(
        { title, title_id: randomUUID() },
        {
          ...isNotRenamed,
          expression: `attribute_exists(id) AND attribute_not_exists(deleted_at) AND ${isNotRenamed.expression}`,
        },
      ),
    };
    const renamed = await this.legacy.withOverflowItem(userId, chatId, () => this.table.update(update));
    // It was refused if the chat is gone, or if a rename came in between. That rename then counts as the later one.
    return toChatSummary(requireVisibleHead(renamed ?? (await this.table.get(key))));
  }
}

/** Whether the index has the mark of a delete that does not run any more. A mark has no title, unlike a chat. */
function isOldMark({ deleted_at: deletedAt, title }: Item): boolean {
  return title === undefined && (parseStoredTime(deletedAt) ?? Infinity) < Date.now() - DELETE_MILLISECONDS;
}
