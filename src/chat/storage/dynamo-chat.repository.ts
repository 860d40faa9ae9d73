import { Injectable } from '@nestjs/common';
import { TableSettings } from '../../config/settings.js';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import { toExpiry } from '../../dynamodb/item-expiry.js';
import { buildUpdate, type Condition } from '../../dynamodb/update-expression.js';
import type { ChatSummary, Replay, StoredTurn, TurnOutcome } from '../model/chat.js';
import { ChatNotFoundError, TurnSupersededError } from '../model/chat.errors.js';
import type { RunningTurn, TurnRequest } from '../model/turn.js';
import { DynamoHiddenTurns } from './dynamo-hidden-turns.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTurnOpening } from './dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import type { ContinuationItem } from './items/split-reply.js';
import { headKey, toChatSummary, toHead } from './items/head-item.js';
import { toSessionAttribute } from './items/session-attribute.js';
import { toEndTime } from './items/stored-times.js';
import { toTombstone, whileKeyIsFree } from './items/tombstone.js';
import { hasReply, toMessages, toStopped, toTurnItems, type TurnItem, type TurnItems } from './items/turn-item.js';
import { OWNED_BY_LEASE, whileChatIsHeldBy, whileEndMayReplace } from './items/turn-lease.js';
import { type AttemptLease, type BeginOptions, toTurnAttempt } from './turn-attempt.js';

/** What a turn begins with, beside its request. */
export interface TurnBegin extends BeginOptions, AttemptLease {}

/** How a turn leaves its chat. */
export interface TurnRelease {
  /** The number under which the turn is stored. */
  readonly number: number;
  /** Whether the turn has an answer. Only then it hides the turns that it replaces. */
  readonly hasReply?: boolean;
  /** The agent that remembers the turn. Undefined if nobody knows what it remembers: the session is dropped. */
  readonly rememberedBy: string | undefined;
}

/** A turn that is stored. */
export interface CompletedTurn extends StoredTurn {
  /** Whether it is stored as stopped, whatever its own run had to store. */
  readonly isStopped: boolean;
  /** Whether it has an answer, complete or not. */
  readonly hasReply: boolean;
}

/** What a chat has after a turn. The title may have changed while the turn ran. */
export type ReleasedChat = Pick<ChatSummary, 'title' | 'updatedAt'>;

/**
 * The three writes of a turn: begin, complete, release. Their number does not depend on the length of the chat.
 * Each write recognises its own repetition, because the SDK may deliver any call twice, the second time much later.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles. A begin does so at once. A
 * complete and a release first repeat their calls, until the turn's `storeUntil`.
 */
@Injectable()
export class DynamoChatRepository {
  constructor(
    private readonly table: DynamoTable,
    private readonly opening: DynamoTurnOpening,
    private readonly recovery: DynamoTurnRecovery,
    private readonly hiddenTurns: DynamoHiddenTurns,
    private readonly legacy: DynamoLegacyHistory,
    private readonly settings: TableSettings,
  ) {}

  /**
   * Begins a turn in one write, which opens the chat or checks that it belongs to the user.
   * The write gives the turn its number and its lease, and stores the prompt. If anything fails after it, the turn ends.
   *
   * @throws ChatNotFoundError, TurnInProgressError, TurnStoppedError, IdempotencyKeyReusedError
   */
  async begin(
    userId: string,
    request: TurnRequest,
    { deadline, lease, ...options }: TurnBegin,
  ): Promise<RunningTurn | Replay> {
    return this.opening.open(userId, toTurnAttempt(userId, request, { deadline, lease }), options);
  }

  /**
   * Stores how a turn ended. Begin gives no number that is taken. If it is taken all the same, the turn gets the next
   * free number, and its messages get new ids. If the turn is stored as stopped already, its text is added there.
   *
   * @returns the turn as it is stored.
   * @throws ChatNotFoundError when the chat has been deleted.
   * @throws TurnSupersededError when another run of the turn has taken over its key.
   */
  async complete(userId: string, turn: RunningTurn, outcome: TurnOutcome): Promise<CompletedTurn> {
    const end = { doneAt: new Date().toISOString(), expiry: toExpiry(this.settings.chatTtlDays) };
    const chatKey = headKey(userId, turn.chat.id);
    let { number } = turn;
    let stored = outcome;
    let items = toTurnItems(turn, stored, { ...end, number });
    while (!(await this.putItems(items, turn))) {
      const taken = number;
      const place = await this.table.repeat(turn.storeUntil, () => this.recovery.findPlace(chatKey, turn, taken));
      const isStoppedHere = place.holds === 'stopped' && place.number === taken && stored.status !== 'stopped';
      if (!isStoppedHere) {
        await this.removePieces(items.continuations, turn);
        if (place.holds === 'deleted') throw new ChatNotFoundError();
        if (place.holds === 'superseded' || place.number === taken) throw new TurnSupersededError();
        await this.table.repeat(turn.storeUntil, () => this.recovery.keepPlace(chatKey, taken));
      }
      number = place.number;
      if (place.holds === 'stopped') stored = toStopped(stored);
      items = toTurnItems(turn, stored, { ...end, number });
    }
    const { turnItem, continuations } = items;
    return {
      number,
      messages: toMessages(turnItem, continuations),
      isStopped: turnItem.status === 'stopped',
      hasReply: hasReply(turnItem),
    };
  }

  /**
   * Releases the chat for its next turn, if this turn still holds it.
   *
   * @returns the chat's new `updatedAt`, and its title now.
   */
  async release(
    userId: string,
    turn: RunningTurn,
    { number, rememberedBy, hasReply: isReplied = false }: TurnRelease,
  ): Promise<ReleasedChat> {
    const { chat, lease, at, session, headAtBegin } = turn;
    const now = Date.now();
    const endedAt = toEndTime([at, headAtBegin.lastTime], now);
    // Begin has set it if it has opened the chat. Another change would cost two more writes in the index.
    const updatedAt = chat.updatedAt === at ? at : toEndTime([at, chat.updatedAt], now);
    const renumberedKeys = number === turn.number ? [] : headAtBegin.keys;
    const { expires_at: expiresAt = null } = toExpiry(this.settings.chatTtlDays);
    const hidden = isReplied ? await this.hideReplaced(turn) : undefined;
    const update = {
      Key: headKey(userId, chat.id),
      ...buildUpdate(
        {
          ended_at: endedAt,
          updated_at: updatedAt,
          turns: number,
          ...Object.fromEntries(renumberedKeys.map((name) => [name, number])),
          ...Object.fromEntries(headAtBegin.staleKeys.map((name) => [name, null])),
          open: null,
          session: rememberedBy === undefined ? null : toSessionAttribute(session, rememberedBy, now),
          expires_at: expiresAt,
          hidden,
        },
        whileChatIsHeldBy(lease),
      ),
    };
    // What this write adds may be larger than what it removes.
    const item = await this.table.repeat(turn.storeUntil, () =>
      this.legacy.withOverflowItem(userId, chat.id, () => this.table.update(update)),
    );
    return { title: item ? toChatSummary(toHead(item)).title : chat.title, updatedAt };
  }

  /** @returns the head's attribute, if the turn replaces others. */
  private async hideReplaced({ chat, number, replaces, storeUntil }: RunningTurn): Promise<string | undefined> {
    if (replaces === undefined) return undefined;
    const head = headKey(chat.userId, chat.id);
    return this.table.repeat(storeUntil, () => this.hiddenTurns.hide(head, chat.turns.hidden, { replaces, number }));
  }

  /** Puts the items of a turn where no other turn is, and no end that stands. @returns false if a key is taken. */
  private async putItems({ continuations, turnItem }: TurnItems, turn: RunningTurn): Promise<boolean> {
    for (const item of [...continuations, turnItem]) {
      const isPut = await this.table.repeat(turn.storeUntil, () => this.table.put({ ...item }, whileKeyIsOwn(item)));
      if (!isPut) return false;
      if ('text' in item) await this.table.pace(Buffer.byteLength(item.text));
    }
    return true;
  }

  private async removePieces(pieces: readonly ContinuationItem[], { lease, storeUntil }: RunningTurn): Promise<void> {
    const isOwn = { expression: OWNED_BY_LEASE, values: { ':lease': lease } };
    for (const piece of pieces) {
      await this.table.repeat(storeUntil, () => this.table.put(toTombstone(piece), isOwn));
      // A write costs as much as the larger item, before or after it.
      await this.table.pace(Buffer.byteLength(piece.text));
    }
  }
}

/** The condition that the key of an item is free, or holds an earlier item of its turn that it may replace. */
function whileKeyIsOwn(item: TurnItem | ContinuationItem): Condition {
  const { expression, values } = whileKeyIsFree();
  const own = 'status' in item ? whileEndMayReplace(item.status) : { expression: OWNED_BY_LEASE };
  return {
    ...own,
    expression: `${expression} OR ${own.expression}`,
    values: { ...values, ...own.values, ':lease': item.lease },
  };
}
