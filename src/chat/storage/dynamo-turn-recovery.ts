import { Injectable } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import type { Message, Replay } from '../model/chat.js';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../model/chat.errors.js';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import {
  endTimeAfter,
  type HeadItem,
  headKey,
  keyAttribute,
  keyAttributesOf,
  lastTimeOf,
  type OpenTurn,
  visibleHead,
} from './items/head-item.js';
import { toExpiry, isExpired } from '../../dynamodb/item-expiry.js';
import {
  toAbandonedTurnItem,
  type ContinuationItem,
  freePlace,
  isSpentTombstone,
  isTurnItem,
  toMessages,
  type TurnItem,
  turnKeyRange,
  parseTurnNumber,
  turnSortKey,
} from './items/turn-item.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';

/** What a refused caller is told to wait at most: most turns end long before their lease. */
const RETRY_AFTER_MAX_SECONDS = 5;

/** A turn as begin tries to write it. */
export interface TurnAttempt {
  readonly chatId: string;
  /** The chat is opened by this turn, unless the same key has opened it before. */
  readonly isNewChat: boolean;
  readonly key: string;
  readonly open: OpenTurn;
}

/** What stood in the way of a begin, and does so no more: it may try again. */
export type Obstacle = {
  /** The latest time that the head knows of, or nothing. Clocks differ, so it may be ahead of the turn that begins. */
  readonly lastTime: string;
} & (
  | { readonly kind: 'gone' }
  /**
   * A turn with the same key and prompt that came to nothing: begin may take its key over from the number that the
   * head remembers for it, if it still does. `isUnsaid`: it has left nothing, and no other turn has begun since.
   */
  | { readonly kind: 'takenOver'; readonly remembered: number | undefined; readonly isUnsaid: boolean }
);

/** What a refused begin comes to. */
export type Cleared =
  | Obstacle
  /** The very same begin, delivered before: the turn has begun. */
  | { readonly kind: 'mine'; readonly head: HeadItem }
  /** A turn with the same key and prompt has been answered. */
  | { readonly kind: 'answered'; readonly replay: Replay };

/** Where a turn is whose number is taken, or where it may go. */
export interface TurnPlace {
  readonly number: number;
  /** What is there: nothing yet, the turn itself, the turn after its key was taken over, or a deleted turn. */
  readonly holds: 'nothing' | 'own' | 'superseded' | 'deleted';
}

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
  async clear(userId: string, opening: TurnAttempt): Promise<Cleared> {
    const head = visibleHead(await this.table.get(headKey(userId, opening.chatId)));
    if (!head) throw new ChatNotFoundError();
    const { open } = head;
    if (open?.lease === opening.open.lease) return { kind: 'mine', head };
    const remembered = head[keyAttribute(opening.key)];
    // A caller's key without a chat is that of the chat's first turn, remembered or not.
    const known = remembered ?? (opening.isNewChat ? 1 : undefined);
    const running = known === head.turns ? open : undefined;
    if (running && running.prompt !== opening.open.prompt) throw new IdempotencyKeyReusedError();
    const item = known === undefined ? undefined : await this.turn(userId, opening.chatId, known);
    const isKnown = item !== undefined && (!running || item.lease === running.lease);
    if (isKnown) {
      if (item.prompt !== opening.open.prompt) throw new IdempotencyKeyReusedError();
      if (item.status === 'done') {
        const answer = await this.answerOf(item);
        return { kind: 'answered', replay: { chatId: item.id, number: parseTurnNumber(item), message: answer } };
      }
    }
    if (open) {
      return { kind: 'gone', lastTime: await this.clearAway(userId, head, open) };
    }
    const lastTime = lastTimeOf(head);
    if (known === undefined || !(await this.takeOver(item))) return { kind: 'gone', lastTime };
    return { kind: 'takenOver', remembered, isUnsaid: item === undefined && known === head.turns, lastTime };
  }

  /**
   * Where a turn is or may go whose number is another's, because the original system has reset the head: after every
   * other turn, unless it has been put somewhere before.
   */
  async place(
    userId: string,
    chatId: string,
    { lease, at, prompt }: Pick<OpenTurn, 'lease' | 'at' | 'prompt'>,
    taken: number,
  ): Promise<TurnPlace> {
    let next = taken;
    const range = { id: chatId, first: turnSortKey(userId, taken), last: turnKeyRange(userId).last, pageSize: 100 };
    for await (const item of this.table.backwards(range)) {
      if (isSpentTombstone(item)) continue;
      const number = parseTurnNumber(item as Item & ItemKey);
      next = Math.max(next, number + 1);
      if (item['user_id'] === turnSortKey(userId, number) && item['deleted_at']) return { number, holds: 'deleted' };
      if (!isTurnItem(item)) continue;
      if (item.lease === lease) return { number, holds: 'own' };
      const wasTakenOver = item.lease === undefined && item.at === at && item.prompt === prompt;
      if (wasTakenOver) return { number, holds: 'superseded' };
    }
    return { number: next, holds: 'nothing' };
  }

  /**
   * Keeps the prompt of a dead turn as a failed one, unless its answer is there, and frees the chat.
   *
   * @returns the head's new `ended_at`.
   * @throws TurnInProgressError when the turn may still be running.
   */
  async clearAway(userId: string, head: HeadItem, open: OpenTurn): Promise<string> {
    const number = head.turns ?? 1;
    const millisecondsLeft = open.until - Date.now();
    const isStored = (await this.turn(userId, head.id, number))?.lease === open.lease;
    if (!isStored && millisecondsLeft > 0) {
      throw new TurnInProgressError(Math.min(RETRY_AFTER_MAX_SECONDS, Math.ceil(millisecondsLeft / 1000)));
    }
    const kept = isStored ? number : await this.keepAbandoned(userId, head, open);
    const moved = kept === number ? [] : ['turns', ...keyAttributesOf(head)];
    const endedAt = endTimeAfter([open.at, lastTimeOf(head)]);
    await this.table.update({
      Key: headKey(userId, head.id),
      ...buildUpdate(
        {
          ended_at: endedAt,
          updated_at: endedAt,
          ...Object.fromEntries(moved.map((name) => [name, kept])),
          open: null,
          session: null,
        },
        { expression: '#open.lease = :lease', values: { ':lease': open.lease } },
      ),
    });
    return endedAt;
  }

  /** Puts a dead turn as a failed one, unless it is there by now. @returns the number that it has. */
  private async keepAbandoned(userId: string, head: HeadItem, open: OpenTurn): Promise<number> {
    const doneAt = new Date().toISOString();
    const expiry = toExpiry(this.environment.CHAT_TTL_DAYS);
    for (let number = head.turns ?? 1; ;) {
      const item = toAbandonedTurnItem(head, open, number, doneAt, expiry);
      const { expression, values } = freePlace();
      if (await this.table.put({ ...item }, expression, values)) return number;
      const place = await this.place(userId, head.id, open, number);
      if (place.holds !== 'nothing') return place.number;
      number = place.number;
    }
  }

  /**
   * Takes its lease from a turn that came to nothing, so that it stays as it is.
   *
   * @param item - undefined where the turn has expired.
   * @returns false when its late completer was faster.
   */
  private async takeOver(item: TurnItem | undefined): Promise<boolean> {
    if (item?.lease === undefined) return true;
    const taken = await this.table.update({
      Key: { id: item.id, user_id: item.user_id },
      ConditionExpression: 'lease = :lease AND #status = :status',
      UpdateExpression: 'REMOVE lease',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':lease': item.lease, ':status': item.status },
    });
    return taken !== undefined;
  }

  private async turn(userId: string, id: string, number: number): Promise<TurnItem | undefined> {
    const item = await this.table.get({ id, user_id: turnSortKey(userId, number) });
    return item && isTurnItem(item) && !isExpired(item) ? item : undefined;
  }

  private async answerOf(item: TurnItem): Promise<Message> {
    const continuations: ContinuationItem[] = [];
    if (item.parts) {
      const range = { id: item.id, first: `${item.user_id}#`, last: `${item.user_id}~`, pageSize: 100 };
      for await (const part of this.table.backwards(range)) continuations.push(part as Item & ContinuationItem);
    }
    return toMessages(item, continuations).at(-1) ?? { role: 'assistant', content: '' };
  }
}
