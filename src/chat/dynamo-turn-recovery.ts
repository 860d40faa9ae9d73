import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import type { Message } from './chat.js';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from './chat.errors.js';
import { DynamoTable, type Item } from './dynamo-table.js';
import { type HeadItem, headKey, keyAttribute, type OpenTurn, visibleHead } from './head-item.js';
import { expiryIn, nowInSeconds } from './item-expiry.js';
import {
  abandonedTurnItem,
  type ContinuationItem,
  isTurnItem,
  messagesOfItems,
  type TurnItem,
  turnSortKey,
} from './turn-item.js';

/** What a refused caller is told to wait at most: most turns end long before their lease. */
const RETRY_AFTER_MAX_SECONDS = 5;
/** Tries of a delete to find the chat without a turn. */
const MARK_ATTEMPTS = 3;

/** A turn as begin tries to write it. */
export interface OpeningTurn {
  readonly chatId: string;
  /** The chat is opened by this turn, unless the same key has opened it before. */
  readonly isNewChat: boolean;
  readonly key: string;
  readonly open: OpenTurn;
}

/** What stood in the way of a begin, now that it has been looked at. */
export type Obstacle =
  /** Nothing any more: begin may try again. */
  | { readonly kind: 'gone' }
  /** The very same begin, delivered before: the turn has begun. */
  | { readonly kind: 'mine'; readonly head: HeadItem }
  /** A turn with the same key and prompt that has been answered. */
  | { readonly kind: 'answered'; readonly number: number; readonly answer: Message }
  /** A turn with the same key and prompt that came to nothing: begin may take its key over. */
  | { readonly kind: 'takenOver'; readonly number: number };

/** What happens to turns that were left behind: by a process that died, or by a caller who asks again. */
@Injectable()
export class DynamoTurnRecovery {
  constructor(
    private readonly table: DynamoTable,
    private readonly environment: Environment,
  ) {}

  /**
   * Finds out why a begin was refused, and clears it away where that may be done: a turn whose lease has run out, or
   * whose item is there.
   *
   * @throws ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError
   */
  async clear(userId: string, opening: OpeningTurn): Promise<Obstacle> {
    const head = visibleHead(await this.table.get(headKey(userId, opening.chatId)));
    if (!head) throw new ChatNotFoundError();
    const { open } = head;
    if (open?.lease === opening.open.lease) return { kind: 'mine', head };
    // A caller's key without a chat is that of the chat's first turn, remembered or not.
    const known = head[keyAttribute(opening.key)] ?? (opening.isNewChat ? 1 : undefined);
    if (open) {
      if (known === head.turns && open.prompt !== opening.open.prompt) throw new IdempotencyKeyReusedError();
      await this.clearAway(userId, head, open);
      return { kind: 'gone' };
    }
    return known === undefined ? { kind: 'gone' } : this.takeOver(userId, opening, known);
  }

  /**
   * Marks a chat as deleted. One that an interrupted delete has marked before is found again.
   *
   * @throws ChatNotFoundError, TurnInProgressError
   */
  async markDeleted(userId: string, chatId: string): Promise<HeadItem> {
    for (let attempt = 1; attempt <= MARK_ATTEMPTS; attempt += 1) {
      const marked = await this.table.update({
        Key: headKey(userId, chatId),
        // What a finished delete has left has no `updated_at` any more.
        ConditionExpression:
          'attribute_exists(id) AND attribute_not_exists(#open) ' +
          'AND (attribute_not_exists(deleted_at) OR attribute_exists(updated_at)) ' +
          'AND (attribute_not_exists(expires_at) OR expires_at > :seconds)',
        UpdateExpression: 'SET deleted_at = if_not_exists(deleted_at, :now)',
        ExpressionAttributeNames: { '#open': 'open' },
        ExpressionAttributeValues: { ':now': new Date().toISOString(), ':seconds': nowInSeconds() },
      });
      if (marked) return marked as HeadItem & Item;
      const head = visibleHead(await this.table.get(headKey(userId, chatId)));
      if (!head) throw new ChatNotFoundError();
      if (head.open) await this.clearAway(userId, head, head.open);
    }
    throw new TurnInProgressError(1);
  }

  /**
   * Keeps the prompt of a dead turn as a failed one, unless its answer is there, and frees the chat.
   *
   * @throws TurnInProgressError when the turn may still be running.
   */
  private async clearAway(userId: string, head: HeadItem, open: OpenTurn): Promise<void> {
    const millisecondsLeft = open.until - Date.now();
    if (millisecondsLeft > 0 && (await this.turn(userId, head.id, head.turns ?? 0))?.lease !== open.lease) {
      throw new TurnInProgressError(Math.min(RETRY_AFTER_MAX_SECONDS, Math.ceil(millisecondsLeft / 1000)));
    }
    const expiry = expiryIn(this.environment.CHAT_TTL_DAYS);
    const item = abandonedTurnItem(head, open, new Date().toISOString(), expiry);
    await this.table.put({ ...item }, 'attribute_not_exists(id)');
    await this.table.update({
      Key: headKey(userId, head.id),
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'REMOVE #open, #session',
      ExpressionAttributeNames: { '#open': 'open', '#session': 'session' },
      ExpressionAttributeValues: { ':lease': open.lease },
    });
  }

  /** A key that is known: its answer where it has one; else its turn loses its lease, so that it stays as it is. */
  private async takeOver(userId: string, { chatId, open }: OpeningTurn, number: number): Promise<Obstacle> {
    const item = await this.turn(userId, chatId, number);
    if (!item) return { kind: 'gone' };
    if (item.prompt !== open.prompt) throw new IdempotencyKeyReusedError();
    if (item.status === 'done') return { kind: 'answered', number, answer: await this.answerOf(userId, item, number) };
    if (item.lease !== undefined) {
      const taken = await this.table.update({
        Key: { id: item.id, user_id: item.user_id },
        ConditionExpression: 'lease = :lease AND #status = :status',
        UpdateExpression: 'REMOVE lease',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':lease': item.lease, ':status': item.status },
      });
      // Its late completer was faster.
      if (!taken) return { kind: 'gone' };
    }
    return { kind: 'takenOver', number };
  }

  private async turn(userId: string, id: string, number: number): Promise<TurnItem | undefined> {
    const item = await this.table.get({ id, user_id: turnSortKey(userId, number) });
    return item && isTurnItem(item) ? item : undefined;
  }

  private async answerOf(userId: string, item: TurnItem, number: number): Promise<Message> {
    const continuations: ContinuationItem[] = [];
    const sortKey = turnSortKey(userId, number);
    if (item.parts) {
      const range = { id: item.id, first: `${sortKey}#`, last: `${sortKey}~`, pageSize: 100 };
      for await (const part of this.table.backwards(range)) continuations.push(part as Item & ContinuationItem);
    }
    return messagesOfItems(item, continuations).at(-1) ?? { role: 'assistant', content: '' };
  }
}
