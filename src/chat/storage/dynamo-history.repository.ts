import { Injectable } from '@nestjs/common';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import type { HistoryPage, StoredTurn } from '../model/chat.js';
import { isConversation, takeNewestPage } from '../model/history-page.js';
import type { StoredChat } from '../model/turn.js';
import { DynamoVisibleTurns } from './dynamo-visible-turns.js';
import { type HeadItem, headKey, requireVisibleHead, toStoredChat } from './items/head-item.js';
import { toOpenMessages } from './items/turn-item.js';

/** Most turns that are searched for turns of the conversation, because the caller waits. */
const SEARCHED_TURNS_MAX = 500;
/** Higher than every turn number. */
const AFTER_NEWEST = Number.MAX_SAFE_INTEGER;
/** Items that a request reads beyond the wanted messages: a page ends at the first turn that does not fit. */
const READ_AHEAD = 1;

/** Which part of a history to read. */
export interface HistoryRange {
  /** Turns with lower numbers than this. */
  readonly before: number;
  /** The most messages. A turn is never split. */
  readonly limit: number;
}

/** A page to take from a range. */
interface PageRead extends HistoryRange {
  /** Chooses among the turns of the range, newest first, or adds one. */
  readonly select: (newestFirst: AsyncIterable<StoredTurn>) => AsyncIterable<StoredTurn>;
}

/** A chat with the newest part of its history, the running turn included. */
export interface ChatRead {
  readonly chat: StoredChat;
  readonly history: HistoryPage;
}

/**
 * Reads the history of chats backwards, from the newest turn or from a number. The original system's turns come last.
 * A chat that is deleted during a read is not found.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles, and UnreadableItemError
 * for an item of another system that has no clear meaning.
 */
@Injectable()
export class DynamoHistoryRepository {
  constructor(
    private readonly table: DynamoTable,
    private readonly visible: DynamoVisibleTurns,
  ) {}

  /**
   * Reads a chat with its newest turns, the running turn included.
   * The head is read before the turns, so a turn that ends in between is seen.
   *
   * @param limit - the most messages.
   * @throws ChatNotFoundError
   */
  async getNewest(userId: string, chatId: string, limit: number): Promise<ChatRead> {
    const head = await this.requireHead(userId, chatId);
    const chat = toStoredChat(head);
    const select = (turns: AsyncIterable<StoredTurn>) => withOpenTurn(head, turns);
    return { chat, history: await this.takePage(userId, chat, { before: AFTER_NEWEST, limit, select }) };
  }

  /**
   * Reads the newest turns of a range, after a check that the chat belongs to the user.
   *
   * @throws ChatNotFoundError
   */
  async getPage(userId: string, chatId: string, range: HistoryRange): Promise<HistoryPage> {
    return this.listTurns(userId, await this.visible.toChat(await this.requireHead(userId, chatId)), range);
  }

  /**
   * Lists the newest turns of a range, in a chat that was read before.
   *
   * @throws ChatNotFoundError when the chat is deleted meanwhile.
   */
  async listTurns(userId: string, chat: StoredChat, range: HistoryRange): Promise<HistoryPage> {
    return this.takePage(userId, chat, { ...range, select: (turns) => turns });
  }

  /**
   * Lists the newest turns of a range that agents get. Failed and filtered turns between them are skipped.
   *
   * @throws ChatNotFoundError when the chat is deleted meanwhile.
   */
  async listConversation(userId: string, chat: StoredChat, range: HistoryRange): Promise<HistoryPage> {
    return this.takePage(userId, chat, { ...range, select: onlyConversation });
  }

  private async takePage(userId: string, chat: StoredChat, { select, before, limit }: PageRead): Promise<HistoryPage> {
    let metTombstone = false;
    const turns = this.visible.readBackwards(chat, {
      before,
      pageSize: Math.ceil(limit / 2) + READ_AHEAD,
      onTombstone: () => (metTombstone = true),
    });
    const page = await takeNewestPage(select(turns), limit);
    // A turn that has moved to another number leaves tombstones in a chat that is not deleted.
    if (metTombstone) await this.requireHead(userId, chat.id);
    return page;
  }

  private async requireHead(userId: string, chatId: string): Promise<HeadItem> {
    return requireVisibleHead(await this.table.get(headKey(userId, chatId)));
  }
}

/** Adds the turn that holds the chat to the turns that were read after the head. */
async function* withOpenTurn(head: HeadItem, newestFirst: AsyncIterable<StoredTurn>): AsyncGenerator<StoredTurn> {
  const number = head.turns ?? 1;
  let open = head.open;
  for await (const turn of newestFirst) {
    // The open turn may have ended since the head was read, and later turns may have begun and ended.
    if (open && turn.number < number) yield { number, messages: toOpenMessages(head.id, number, open) };
    if (turn.number <= number) open = undefined;
    yield turn;
  }
  if (open) yield { number, messages: toOpenMessages(head.id, number, open) };
}

async function* onlyConversation(turns: AsyncIterable<StoredTurn>): AsyncGenerator<StoredTurn> {
  let searched = 0;
  for await (const turn of turns) {
    if (isConversation(turn)) yield turn;
    searched += 1;
    if (searched === SEARCHED_TURNS_MAX) return;
  }
}
