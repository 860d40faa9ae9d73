import { Injectable } from '@nestjs/common';
import type { StoredTurn } from '../model/chat.js';
import { ReplacedMessageNotFoundError } from '../model/chat.errors.js';
import type { Replacement, StoredChat } from '../model/turn.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoVisibleTurns } from './dynamo-visible-turns.js';
import { type HeadItem, toStoredChat } from './items/head-item.js';

/** Items that a request reads. Most often the first turn is the wanted one. */
const PAGE_SIZE = 2;

/** An earlier run of a request, whose key a turn takes over. */
export interface EarlierRun {
  readonly number: number;
  readonly replaces?: number | undefined;
}

/** Finds out which turns a new turn replaces. */
@Injectable()
export class DynamoTurnReplacement {
  constructor(
    private readonly visible: DynamoVisibleTurns,
    private readonly legacy: DynamoLegacyHistory,
  ) {}

  /**
   * Finds the first turn that is replaced, in a chat that no turn holds.
   *
   * @param earlierRun - may have hidden the turn already, and stands in its place.
   * @returns its number; undefined if nothing is replaced.
   * @throws ReplacedMessageNotFoundError, StorageUnavailableError, UnreadableItemError
   */
  async resolve(head: HeadItem, replacement: Replacement, earlierRun?: EarlierRun): Promise<number | undefined> {
    const chat = toStoredChat(head);
    return replacement.kind === 'from'
      ? this.resolveFrom(chat, replacement, earlierRun)
      : this.resolveAfter(chat, replacement);
  }

  private async resolveFrom(
    chat: StoredChat,
    { number, role }: Extract<Replacement, { kind: 'from' }>,
    earlierRun: EarlierRun | undefined,
  ): Promise<number> {
    const turn = await this.findTurn(chat, number);
    const hasMessage = turn?.messages.some((message) => message.role === role);
    const standsInItsPlace = earlierRun?.replaces === number && (await this.findTurn(chat, earlierRun.number));
    if (!hasMessage && !standsInItsPlace) throw new ReplacedMessageNotFoundError();
    return number;
  }

  private async resolveAfter(
    chat: StoredChat,
    { numbers, orOlder }: Extract<Replacement, { kind: 'after' }>,
  ): Promise<number | undefined> {
    const newest = await this.findNewest(chat);
    const find = () => (orOlder ? this.findNewest(chat, Math.max(...numbers)) : this.findNewestOf(chat, numbers));
    const kept = newest && (await find());
    if (newest?.number === kept?.number) return undefined;
    return kept === undefined ? this.getFirstNumber(chat) : kept.number + 1;
  }

  /** The visible turn with this number. */
  private async findTurn(chat: StoredChat, number: number): Promise<StoredTurn | undefined> {
    const turn = await this.findNewest(chat, number);
    return turn?.number === number ? turn : undefined;
  }

  /** The newest visible turn with one of these numbers. */
  private async findNewestOf(chat: StoredChat, numbers: readonly number[]): Promise<StoredTurn | undefined> {
    const wanted = new Set(numbers);
    const oldest = numbers.reduce((one, other) => Math.min(one, other), Infinity);
    const newest = numbers.reduce((one, other) => Math.max(one, other), -Infinity);
    for await (const turn of this.readBackwards(chat, newest)) {
      if (turn.number < oldest) break;
      if (wanted.has(turn.number)) return turn;
    }
    return undefined;
  }

  private async findNewest(chat: StoredChat, last = Infinity): Promise<StoredTurn | undefined> {
    for await (const turn of this.readBackwards(chat, last)) return turn;
    return undefined;
  }

  private readBackwards(chat: StoredChat, last: number): AsyncIterable<StoredTurn> {
    return this.visible.readBackwards(chat, { before: last + 1, pageSize: PAGE_SIZE, growth: 2 });
  }

  /** The number of the first turn that the chat ever had. */
  private async getFirstNumber(chat: StoredChat): Promise<number> {
    const legacyTurns = (await this.legacy.listTurns(chat)) ?? [];
    return 1 - legacyTurns.length;
  }
}
