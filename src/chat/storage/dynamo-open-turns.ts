import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import type { ChatSummary, EndReason, StoredTurn, TokenUsage, TurnOutcome } from '../model/chat.js';
import { headKey, type OpenTurn, requireVisibleHead, toChatSummary, toHead, toVisibleHead } from './items/head-item.js';
import { toTurnItem } from './items/read-turn-item.js';
import { findEndReason, isTurnItem, toMessages, toTokenUsage } from './items/turn-item.js';
import { parseTurnNumber, turnKeyRange, turnSortKey } from './items/turn-keys.js';
import { isLeaseLive } from './items/turn-lease.js';
import { readContinuations } from './read-continuations.js';

/** A turn that runs, maybe in another process. */
export interface OpenTurnRead extends Pick<OpenTurn, 'lease' | 'until'> {
  /** The number that begin gave it. */
  readonly number: number;
  readonly chat: ChatSummary;
}

/** The chat of a turn, its lease, and the number that begin gave it. */
type TurnPlace = Pick<OpenTurnRead, 'lease' | 'number'> & { readonly chat: Pick<ChatSummary, 'id'> };

/** A turn as it is stored, how it ended, and its chat after that. */
export interface StoredTurnEnd extends StoredTurn {
  readonly chat: ChatSummary;
  readonly status: TurnOutcome['status'];
  /** Undefined if the agent has not ended the reply: it was torn, cut or stopped, or never came. */
  readonly reason: EndReason | undefined;
  readonly usage: TokenUsage | undefined;
}

/**
 * Reads the turns that hold their chats, also those of other processes.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoOpenTurns {
  constructor(private readonly table: DynamoTable) {}

  /** Finds the running turn of a chat. @returns undefined if none runs, or if there is no such chat. */
  async find(userId: string, chatId: string): Promise<OpenTurnRead | undefined> {
    const head = toVisibleHead(await this.table.get(headKey(userId, chatId)));
    if (!head?.open || !isLeaseLive(head.open)) return undefined;
    const { lease, until } = head.open;
    return { lease, until, number: head.turns ?? 1, chat: toChatSummary(head) };
  }

  /**
   * Looks whether a turn still runs: it holds its chat, and is not stored yet. While it does, this costs half a read unit,
   * and half a unit for each 4 KB of the head.
   *
   * @returns when its lease ends, in epoch milliseconds; undefined if the turn has ended.
   */
  async look(userId: string, turn: TurnPlace): Promise<Pick<OpenTurn, 'until'> | undefined> {
    const key = headKey(userId, turn.chat.id);
    // The first read may be older than the begin of the turn.
    const hold = toHold(await this.table.getEventually(key), turn) ?? toHold(await this.table.get(key), turn);
    return hold && isOwn(await this.table.getEventually(turnKey(key, turn)), turn) ? undefined : hold;
  }

  /** Whether a turn is stored at its number. Its chat may not be released yet. */
  async isStored(userId: string, turn: TurnPlace): Promise<boolean> {
    return isOwn(await this.table.get(turnKey(headKey(userId, turn.chat.id), turn)), turn);
  }

  /**
   * Finds the stored turn of a lease, at its number or at another one that it had to take.
   *
   * @param until - epoch milliseconds. Until then, a table that is unavailable is read again.
   * @returns undefined if it is not stored, or if another run has taken over its key.
   * @throws ChatNotFoundError when the chat is deleted; UnreadableItemError
   */
  async findStored(userId: string, turn: TurnPlace, until: number): Promise<StoredTurnEnd | undefined> {
    return this.table.repeat(until, () => this.readStored(userId, turn));
  }

  private async readStored(userId: string, turn: TurnPlace): Promise<StoredTurnEnd | undefined> {
    const key = headKey(userId, turn.chat.id);
    const found = await this.findItem(key, turn);
    const chat = toChatSummary(requireVisibleHead(await this.table.get(key)));
    if (!found) return undefined;
    const item = toTurnItem(found);
    const messages = toMessages(item, await readContinuations(this.table, userId, item));
    const { status } = item;
    const isFiltered = item.reason === 'content-filter';
    const end = { status, reason: findEndReason(item), usage: toTokenUsage(item.usage) };
    return { number: parseTurnNumber(item), messages, ...(isFiltered && { isFiltered }), ...end, chat };
  }

  private async findItem(key: ItemKey, turn: TurnPlace): Promise<Item | undefined> {
    const { id, user_id: userId } = key;
    const first = turnKey(key, turn);
    const item = await this.table.get(first);
    if (isOwn(item, turn)) return item;
    const range = { id, first: first.user_id, last: turnKeyRange(userId).last, pageSize: 100 };
    for await (const later of this.table.backwards(range)) if (isOwn(later, turn)) return later;
    return undefined;
  }
}

function turnKey({ id, user_id: userId }: ItemKey, { number }: Pick<TurnPlace, 'number'>): ItemKey {
  return { id, user_id: turnSortKey(userId, number) };
}

function isOwn(item: Item | undefined, { lease }: Pick<TurnPlace, 'lease'>): item is Item {
  return item !== undefined && isTurnItem(item) && item['lease'] === lease && !isExpired(item);
}

function toHold(item: Item | undefined, { lease }: Pick<TurnPlace, 'lease'>): Pick<OpenTurn, 'until'> | undefined {
  const open = item && toHead(item).open;
  return open?.lease === lease ? { until: open.until } : undefined;
}
