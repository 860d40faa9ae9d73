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

/** A turn as it is stored, and how it ended. */
export interface StoredTurnEnd extends StoredTurn {
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
   * Looks whether a turn still holds its chat. While it does, this costs half a read unit for each 4 KB of the head.
   *
   * @returns when its lease ends, in epoch milliseconds; undefined if the turn has left.
   */
  async isHeld(userId: string, chatId: string, lease: string): Promise<Pick<OpenTurn, 'until'> | undefined> {
    const key = headKey(userId, chatId);
    // The first read may be older than the begin of the turn.
    return toHold(await this.table.getEventually(key), lease) ?? toHold(await this.table.get(key), lease);
  }

  /**
   * Finds the stored turn of a lease, at its number or at another one that it had to take.
   *
   * @returns undefined if it is not stored, or if another run has taken over its key.
   * @throws ChatNotFoundError when the chat is deleted; UnreadableItemError
   */
  async findStored(
    userId: string,
    chatId: string,
    turn: Pick<OpenTurnRead, 'lease' | 'number'>,
  ): Promise<StoredTurnEnd | undefined> {
    const key = headKey(userId, chatId);
    const found = await this.findItem(key, turn);
    if (!found) {
      requireVisibleHead(await this.table.get(key));
      return undefined;
    }
    const item = toTurnItem(found);
    const messages = toMessages(item, await readContinuations(this.table, userId, item));
    const { status } = item;
    const isFiltered = item.reason === 'content-filter';
    const end = { status, reason: findEndReason(item), usage: toTokenUsage(item.usage) };
    return { number: parseTurnNumber(item), messages, ...(isFiltered && { isFiltered }), ...end };
  }

  private async findItem(
    { id, user_id: userId }: ItemKey,
    { lease, number }: Pick<OpenTurnRead, 'lease' | 'number'>,
  ): Promise<Item | undefined> {
    const isOwn = (item: Item) => isTurnItem(item) && item['lease'] === lease && !isExpired(item);
    const first = turnSortKey(userId, number);
    const item = await this.table.get({ id, user_id: first });
    if (item && isOwn(item)) return item;
    const range = { id, first, last: turnKeyRange(userId).last, pageSize: 100 };
    for await (const later of this.table.backwards(range)) if (isOwn(later)) return later;
    return undefined;
  }
}

function toHold(item: Item | undefined, lease: string): Pick<OpenTurn, 'until'> | undefined {
  const open = item && toHead(item).open;
  return open?.lease === lease ? { until: open.until } : undefined;
}
