import { Injectable } from '@nestjs/common';
import type { HistoryPage, StoredTurn } from '../model/chat.js';
import { ChatNotFoundError } from '../model/chat.errors.js';
import { hasReply, takeNewestPage } from '../model/history-page.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTable, type Item } from '../../dynamodb/dynamo-table.js';
import { headKey, type HeadItem, toStoredChat, visibleHead } from './items/head-item.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import {
  type ContinuationItem,
  isTurnItem,
  toMessages,
  toOpenMessages,
  turnKeyRange,
  parseTurnNumber,
} from './items/turn-item.js';
import type { StoredChat } from '../model/turn.js';

/** Most turns that are looked at for some with an answer: the caller waits for it. */
const LOOKED_AT_MAX = 500;

/** A turn number after every other. */
const NEWEST = Number.MAX_SAFE_INTEGER;
/** Items more than the messages asked for that a request reads ahead: a page ends where a turn does not fit. */
const READ_AHEAD = 1;

/** A chat read back: what its head says, and the newest part of its history, the running turn included. */
export interface ChatRead {
  readonly chat: StoredChat;
  readonly history: HistoryPage;
}

/**
 * The history of chats: read backwards, from the newest turn or from a cursor, turns of the original system last.
 * Expired items that are still in the table are never shown.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoHistoryRepository {
  constructor(
    private readonly table: DynamoTable,
    private readonly inline: DynamoLegacyHistory,
  ) {}

  /**
   * Reads a chat with the newest part of its history, the running turn included: first the head, then the turns, so
   * that a turn that ends in between is seen in one of them.
   *
   * @throws ChatNotFoundError
   */
  async newest(userId: string, chatId: string, limit: number): Promise<ChatRead> {
    const head = await this.visibleHead(userId, chatId);
    const chat = toStoredChat(head);
    const turns = this.withOpenTurn(head, this.backwards(userId, chat, NEWEST, limit));
    return { chat, history: await takeNewestPage(turns, limit) };
  }

  /**
   * The page of turns before a number, of a chat that is this user's.
   *
   * @throws ChatNotFoundError
   */
  async page(userId: string, chatId: string, before: number, limit: number): Promise<HistoryPage> {
    const chat = toStoredChat(await this.visibleHead(userId, chatId));
    return this.before(userId, chat, before, limit);
  }

  /** The page of turns before a number, of a chat whose head has been read already. */
  async before(userId: string, chat: StoredChat, before: number, limit: number): Promise<HistoryPage> {
    return takeNewestPage(this.backwards(userId, chat, before, limit), limit);
  }

  /** The newest turns before a number that have an answer, whole or partial, however many between them have none. */
  async answeredBefore(userId: string, chat: StoredChat, before: number, limit: number): Promise<HistoryPage> {
    return takeNewestPage(answered(this.backwards(userId, chat, before, limit)), limit);
  }

  private async visibleHead(userId: string, chatId: string): Promise<HeadItem> {
    const head = visibleHead(await this.table.get(headKey(userId, chatId)));
    if (!head) throw new ChatNotFoundError();
    return head;
  }

  private async *withOpenTurn(head: HeadItem, newestFirst: AsyncIterable<StoredTurn>): AsyncGenerator<StoredTurn> {
    let open = head.open;
    for await (const turn of newestFirst) {
      // The turn that the head holds open may have ended, or a later one begun and ended, since the head was read.
      if (open && turn.number < (head.turns ?? 1)) yield { number: head.turns ?? 1, messages: toOpenMessages(open) };
      if (turn.number <= (head.turns ?? 1)) open = undefined;
      yield turn;
    }
    if (open) yield { number: head.turns ?? 1, messages: toOpenMessages(open) };
  }

  private async *backwards(
    userId: string,
    chat: StoredChat,
    before: number,
    limit: number,
  ): AsyncGenerator<StoredTurn> {
    if (before > 1) yield* this.numberedTurns(userId, chat.id, before, limit);
    for (const turn of (await this.inline.turns(chat)).toReversed()) {
      if (turn.number < before) yield turn;
    }
  }

  private async *numberedTurns(userId: string, id: string, before: number, limit: number): AsyncGenerator<StoredTurn> {
    const range = turnKeyRange(userId, before === NEWEST ? undefined : before - 1);
    const items = this.table.backwards({ id, ...range, pageSize: Math.ceil(limit / 2) + READ_AHEAD });
    let continuations: (Item & ContinuationItem)[] = [];
    for await (const item of items) {
      if (isTurnItem(item)) {
        const own = continuations.filter((part) => parseTurnNumber(part) === parseTurnNumber(item));
        if (!isExpired(item)) yield { number: parseTurnNumber(item), messages: toMessages(item, own) };
        continuations = [];
      } else if ('text' in item) continuations.push(item as Item & ContinuationItem);
    }
  }
}

async function* answered(turns: AsyncIterable<StoredTurn>): AsyncGenerator<StoredTurn> {
  let lookedAt = 0;
  for await (const turn of turns) {
    if (hasReply(turn)) yield turn;
    lookedAt += 1;
    if (lookedAt === LOOKED_AT_MAX) return;
  }
}
