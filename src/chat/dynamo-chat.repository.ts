import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import type { HistoryTurn, Message, Turn, TurnOutcome } from './chat.js';
import { ChatNotFoundError, StorageUnavailableError, TurnInProgressError, TurnSupersededError } from './chat.errors.js';
import { titleFrom } from './chat-title.js';
import { DynamoInlineHistory } from './dynamo-inline-history.js';
import { DynamoTable, type ItemKey } from './dynamo-table.js';
import { DynamoTurnRecovery, type Obstacle, type OpeningTurn } from './dynamo-turn-recovery.js';
import { beganTurn, type HeadItem, headKey, keyAttribute } from './head-item.js';
import { chatIdOfKey } from './idempotency-key.js';
import { expiryIn, nowInSeconds, tombstoneExpiry } from './item-expiry.js';
import { messagesOfItems, tombstoneOf, turnItems, turnSortKey, wholeKeyRange } from './turn-item.js';

/** Beyond the deadline a turn keeps its lease for this long, because clocks differ. */
const LEASE_MARGIN_MILLISECONDS = 15_000;
/** Tries of a begin: one that clears a dead turn away and takes its key over needs three; races take the others. */
const BEGIN_ATTEMPTS = 6;
/** A write that belongs to a turn: refused where another turn's item, or a tombstone, has the place. */
const MINE = 'lease = :lease';
const ABSENT_OR_MINE = `attribute_not_exists(id) OR ${MINE}`;

/** What a turn begins with. */
export interface TurnRequest {
  /** The chat to go on with; without it a new chat is opened. */
  readonly chatId: string | undefined;
  /** The caller's Idempotency-Key. */
  readonly key: string | undefined;
  readonly prompt: string;
  /** Epoch milliseconds by which the turn will have ended. */
  readonly deadline: number;
}

/** The answer that a turn with the same key and prompt has given before. */
export interface Replay {
  readonly chatId: string;
  /** Of the turn that gave it. */
  readonly number: number;
  readonly answer: Message;
}

/**
 * The writes of a turn: begin, complete, release, whatever the length of the chat. Each of them recognises its own
 * repetition, because any call of the SDK may be delivered twice, the second time much later. `head-item.ts` and
 * `turn-item.ts` say what the items look like.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoChatRepository {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly inline: DynamoInlineHistory,
    private readonly environment: Environment,
  ) {}

  /**
   * Begins a turn in one write: opens the chat or checks that it is this user's, gives the turn its number, takes
   * the lease and stores the prompt, which is durable from here on.
   *
   * @throws ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError
   */
  async begin(userId: string, { chatId, key, prompt, deadline }: TurnRequest): Promise<Turn | Replay> {
    const lease = randomUUID();
    const opening: OpeningTurn = {
      chatId: chatId ?? (key === undefined ? randomUUID() : chatIdOfKey(userId, key)),
      isNewChat: chatId === undefined,
      // Every turn has a key, so that a late repetition of its begin is refused by it.
      key: key ?? lease,
      open: { lease, until: deadline + LEASE_MARGIN_MILLISECONDS, prompt, at: new Date().toISOString() },
    };
    try {
      return await this.open(userId, opening);
    } catch (error) {
      // The turn may have begun all the same; nobody waits for this, because the table has been waited for already.
      if (error instanceof StorageUnavailableError) this.letGo(userId, opening).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Stores how a turn ended, unless another run of the turn has already done so. A number that turns out to be taken
   * by a turn it does not know (the original system has reset the head) becomes the next free one.
   *
   * @returns the turn as it now stands in the history.
   * @throws ChatNotFoundError when the chat has been deleted, TurnSupersededError when the turn came too late.
   */
  async complete(userId: string, turn: Turn, outcome: TurnOutcome): Promise<HistoryTurn> {
    const doneAt = new Date().toISOString();
    const expiry = expiryIn(this.environment.CHAT_TTL_DAYS);
    for (let number = turn.number; ;) {
      const { turnItem, continuations } = turnItems(userId, turn, number, outcome, doneAt, expiry);
      if (await this.putAll([...continuations, turnItem], turn.lease)) {
        return { number, messages: messagesOfItems(turnItem, continuations) };
      }
      // What was put of the answer belongs to nothing now; what is another turn's stays.
      for (const part of continuations) await this.table.put(tombstoneOf(part), MINE, { ':lease': turn.lease });
      const place = await this.recovery.place(userId, turn.chat.id, turn, number);
      if (place.holds === 'deleted') throw new ChatNotFoundError();
      if (place.holds === 'superseded' || place.number === number) throw new TurnSupersededError();
      number = place.number;
    }
  }

  /**
   * Lets the chat go for its next turn, if this turn still holds it. Only a turn that was done leaves its session to
   * the next one: what the agent remembers of any other cannot be known.
   *
   * @param number - the number the turn has ended up with.
   * @returns the chat's new `updatedAt`.
   */
  async release(userId: string, turn: Turn, number: number, isDone: boolean): Promise<string> {
    const now = new Date().toISOString();
    const stale = Object.fromEntries(turn.staleKeys.map((name, index) => [`#stale${index}`, name]));
    const moved = number === turn.number ? [] : turn.keys.map((name, index) => [`#key${index}`, name] as const);
    const { expires_at: expiresAt } = expiryIn(this.environment.CHAT_TTL_DAYS);
    const sets = [
      'updated_at = :now',
      'turns = :number',
      ...moved.map(([name]) => `${name} = :number`),
      isDone && '#session = :session',
      expiresAt && '#expiry = :expiry',
    ];
    const removes = ['#open', ...Object.keys(stale), !isDone && '#session', !expiresAt && '#expiry'];
    await this.table.update({
      Key: headKey(userId, turn.chat.id),
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: `SET ${sets.filter(Boolean).join(', ')} REMOVE ${removes.filter(Boolean).join(', ')}`,
      ExpressionAttributeNames: {
        '#open': 'open',
        '#session': 'session',
        '#expiry': 'expires_at',
        ...stale,
        ...Object.fromEntries(moved),
      },
      ExpressionAttributeValues: {
        ':lease': turn.lease,
        ':now': now,
        ':number': number,
        ...(isDone && { ':session': { gen: turn.session.generation, at: now } }),
        ...(expiresAt && { ':expiry': expiresAt }),
      },
      ReturnValues: 'NONE',
    });
    return now;
  }

  /**
   * Deletes a chat for good. Its head is marked first, which takes it out of every answer at once; then every item
   * becomes a tombstone that refuses late writes and expires after a day, the head last: a repeated delete finds what
   * an interrupted one has left.
   *
   * @returns the generation of the agent's session, if the chat had one.
   * @throws ChatNotFoundError, TurnInProgressError
   */
  async delete(userId: string, chatId: string): Promise<string | undefined> {
    const head = await this.recovery.markDeleted(userId, chatId);
    // A turn that died before its item was written may still be completed late.
    const last = { id: chatId, user_id: turnSortKey(userId, head.turns ?? 1) };
    let items = await this.remains(userId, chatId);
    if (!items.some((item) => item.user_id === last.user_id)) items = [...items, last];
    // A late answer may have put its continuations after they were looked for; the next one finds its place taken.
    for (; items.length > 0; items = await this.remains(userId, chatId))
      await this.table.replace(items.map(tombstoneOf));
    await this.table.replace([tombstoneOf(headKey(userId, chatId))]);
    return head.session?.gen;
  }

  private async open(userId: string, opening: OpeningTurn): Promise<Turn | Replay> {
    let obstacle: Obstacle = { kind: 'gone' };
    for (let attempt = 1; attempt <= BEGIN_ATTEMPTS; attempt += 1) {
      const tried = obstacle;
      const head = await this.inline.withRoom(userId, opening.chatId, () => this.tryToOpen(userId, opening, tried));
      if (head) return beganTurn(head, opening.open, this.environment.AGENT_SESSION_TTL_SECONDS);
      obstacle = await this.recovery.clear(userId, opening);
      if (obstacle.kind === 'mine') {
        return beganTurn(obstacle.head, opening.open, this.environment.AGENT_SESSION_TTL_SECONDS);
      }
      if (obstacle.kind === 'answered') {
        return { chatId: opening.chatId, number: obstacle.number, answer: obstacle.answer };
      }
    }
    throw new TurnInProgressError(1);
  }

  /** Takes a begin back whose outcome is unknown; its key stays, so that a late repetition of it is refused. */
  private async letGo(userId: string, { chatId, isNewChat, key, open }: OpeningTurn): Promise<void> {
    // Without a key of the caller's nobody could ask for the new chat again: what is left of it is a tombstone.
    const isLost = isNewChat && key === open.lease;
    const tombstone =
      'SET deleted_at = :now, expires_at = :expiry REMOVE #open, #title, created_at, updated_at, turns, #key';
    await this.table.update({
      Key: headKey(userId, chatId),
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: isLost ? tombstone : 'REMOVE #open',
      ExpressionAttributeNames: { '#open': 'open', ...(isLost && { '#title': 'title', '#key': keyAttribute(key) }) },
      ExpressionAttributeValues: {
        ':lease': open.lease,
        ...(isLost && { ':now': new Date().toISOString(), ':expiry': tombstoneExpiry() }),
      },
    });
  }

  /** @returns the head as begun, or undefined when the condition refused. */
  private async tryToOpen(
    userId: string,
    { chatId, isNewChat, key, open }: OpeningTurn,
    obstacle: Obstacle,
  ): Promise<HeadItem | undefined> {
    const replaces = obstacle.kind === 'takenOver' ? obstacle.remembered : undefined;
    const isFirst = isNewChat && obstacle.kind !== 'takenOver';
    const free =
      'attribute_exists(id) AND attribute_not_exists(#open) AND attribute_not_exists(deleted_at) ' +
      'AND (attribute_not_exists(expires_at) OR expires_at > :seconds)';
    const unused = replaces === undefined ? 'attribute_not_exists(#key)' : '#key = :replaces';
    const { expires_at: expiresAt } = expiryIn(this.environment.CHAT_TTL_DAYS);
    const head = await this.table.update({
      Key: headKey(userId, chatId),
      ConditionExpression: isFirst ? 'attribute_not_exists(id)' : `${free} AND ${unused}`,
      UpdateExpression:
        'SET turns = if_not_exists(turns, :none) + :one, #key = if_not_exists(turns, :none) + :one, #open = :open, ' +
        'created_at = if_not_exists(created_at, :at), updated_at = if_not_exists(updated_at, :at)' +
        (isFirst ? ', #title = :title' : '') +
        (isFirst && expiresAt ? ', expires_at = :expiry' : ''),
      ExpressionAttributeNames: { '#open': 'open', '#key': keyAttribute(key), ...(isFirst && { '#title': 'title' }) },
      ExpressionAttributeValues: {
        ':none': 0,
        ':one': 1,
        ':open': open,
        ...(isFirst && { ':title': titleFrom(open.prompt) }),
        ':at': open.at,
        ...(!isFirst && { ':seconds': nowInSeconds() }),
        ...(replaces !== undefined && { ':replaces': replaces }),
        ...(isFirst && expiresAt && { ':expiry': expiresAt }),
      },
    });
    return head as HeadItem | undefined;
  }

  /** Puts a turn's items in order. @returns whether all of them found their place. */
  private async putAll(items: readonly object[], lease: string): Promise<boolean> {
    for (const item of items) {
      const isIn = await this.table.put(item as Record<string, unknown>, ABSENT_OR_MINE, { ':lease': lease });
      if (!isIn) return false;
    }
    return true;
  }

  /** The turns and continuations of a chat that are no tombstones yet. */
  private async remains(userId: string, chatId: string): Promise<ItemKey[]> {
    const items: ItemKey[] = [];
    for await (const item of this.table.backwards({ id: chatId, ...wholeKeyRange(userId), pageSize: 1000 })) {
      if (!item['deleted_at']) items.push({ id: chatId, user_id: String(item['user_id']) });
    }
    return items;
  }
}
