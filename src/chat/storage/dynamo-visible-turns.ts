import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import type { StoredTurn } from '../model/chat.js';
import type { KnownTurns, StoredChat, TurnRange } from '../model/turn.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { type HeadItem, headKey, requireVisibleHead, toKnownTurns, toStoredChat } from './items/head-item.js';
import { addRange, findReadableRange, isHidden } from './items/hidden-turns.js';
import { toTurnItem } from './items/read-turn-item.js';
import { type ContinuationItem, isContinuation } from './items/split-reply.js';
import { isTombstone } from './items/tombstone.js';
import { hasReply, isTurnItem, toMessages, type TurnItem } from './items/turn-item.js';
import { parseTurnNumber, turnKeyRange } from './items/turn-keys.js';

/** Turns to read, newest first. */
export interface TurnRead {
  /** Turns with lower numbers than this. */
  readonly before: number;
  /** Items of a request. */
  readonly pageSize: number;
  /** How many times as many items each further request has. The default is 1. */
  readonly growth?: number;
  /** Called for a tombstone. A delete leaves one in place of each item, so a read that misses an item has met one. */
  readonly onTombstone?: () => void;
}

/**
 * Reads the turns of chats that callers see: neither expired nor replaced. The turns of the original system come last. A turn
 * that is stored with an answer hides what it replaces even before it has released its chat.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles, and UnreadableItemError
 * for an item of another system that has no clear meaning.
 */
@Injectable()
export class DynamoVisibleTurns {
  constructor(
    private readonly table: DynamoTable,
    private readonly legacy: DynamoLegacyHistory,
    private readonly recovery: DynamoTurnRecovery,
  ) {}

  /** The chat of a head, for reads that do not begin at its newest turn. */
  async toChat(head: HeadItem): Promise<StoredChat> {
    const chat = toStoredChat(head);
    const turn = head.open?.replaces !== undefined && (await this.recovery.getTurn(head, chat.turns.newest));
    return turn ? { ...chat, turns: await this.learn(chat, chat.turns, turn) } : chat;
  }

  /** Yields the visible turns of a range. @throws ChatNotFoundError when the chat is found to be deleted. */
  async *readBackwards(chat: StoredChat, read: TurnRead): AsyncGenerator<StoredTurn> {
    const known = yield* this.readNumberedTurns(chat, read);
    const legacyTurns = await this.legacy.listTurns(chat);
    if (legacyTurns === undefined) read.onTombstone?.();
    for (const turn of legacyTurns?.toReversed() ?? []) {
      if (turn.number < read.before && !isHidden(known.hidden, turn.number)) yield turn;
    }
  }

  /** @returns what is known of the chat's turns after that. */
  private async *readNumberedTurns(chat: StoredChat, read: TurnRead): AsyncGenerator<StoredTurn, KnownTurns> {
    let known = chat.turns;
    let range = findReadableRange(known.hidden, read.before - 1);
    while (range) {
      let next = range.first - 1;
      for await (const { item, continuations } of this.readTurnItems(chat, range, read)) {
        const number = parseTurnNumber(item as Item & ItemKey);
        const isShown = !isExpired(item) && item['hidden'] !== true && !isHidden(known.hidden, number);
        if (!isShown) continue;
        const turn = toTurnItem(item);
        const learned = await this.learn(chat, known, turn);
        yield toStoredTurn(turn, continuations);
        if (learned === known) continue;
        // The turns that it replaces may be many. They are jumped over.
        known = learned;
        next = number - 1;
        break;
      }
      range = findReadableRange(known.hidden, next);
    }
    return known;
  }

  /** Yields turn items, newest first, with the continuations that were read before each of them. */
  private async *readTurnItems(
    { id, userId }: StoredChat,
    { first, last }: TurnRange,
    { pageSize, growth = 1, onTombstone }: TurnRead,
  ): AsyncGenerator<{ item: Item; continuations: readonly ContinuationItem[] }> {
    // The continuations of a turn sort after its turn item.
    let continuations: ContinuationItem[] = [];
    for await (const item of this.table.backwards({ id, ...turnKeyRange(userId, last, first), pageSize, growth })) {
      if (isTurnItem(item)) {
        yield { item, continuations };
        continuations = [];
      } else if (isContinuation(item)) continuations.push(item);
      else if (isTombstone(item)) onTombstone?.();
    }
  }

  /** What a turn that was met says about the turns before it. A head that was read before the turn began is read again. */
  private async learn(chat: StoredChat, known: KnownTurns, turn: TurnItem): Promise<KnownTurns> {
    const { replaces, lease } = turn;
    if (replaces === undefined || !hasReply(turn)) return known;
    if (parseTurnNumber(turn) > known.newest) {
      const head = requireVisibleHead(await this.table.get(headKey(chat.userId, chat.id)));
      const now = toKnownTurns(head);
      return now.newest > known.newest ? this.learn(chat, now, turn) : known;
    }
    if (lease === undefined || lease !== known.openLease) return known;
    return { ...known, hidden: addRange(known.hidden, { first: replaces, last: known.newest - 1 }) };
  }
}

/** @param continuations - those of other turns are ignored. */
function toStoredTurn(item: TurnItem, continuations: readonly ContinuationItem[]): StoredTurn {
  const number = parseTurnNumber(item);
  const own = continuations.filter((part) => parseTurnNumber(part) === number);
  return { number, messages: toMessages(item, own), ...(item.reason === 'content-filter' && { isFiltered: true }) };
}
