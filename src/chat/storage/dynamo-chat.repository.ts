import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import type { StoredTurn, Replay, TurnOutcome } from '../model/chat.js';
import { ChatNotFoundError, TurnSupersededError } from '../model/chat.errors.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import { DynamoTurnOpening } from './dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { endTimeAfter, headKey } from './items/head-item.js';
import { toKeyedChatId } from '../model/keyed-chat-id.js';
import { toExpiry } from '../../dynamodb/item-expiry.js';
import { freePlace, toMessages, toTombstone, toTurnItems } from './items/turn-item.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { RunningTurn, TurnRequest } from '../model/turn.js';

/** Beyond the deadline a turn keeps its lease for this long, because clocks differ. */
const LEASE_MARGIN_MILLISECONDS = 15_000;
/** A write that belongs to a turn: refused where another turn's item, or a tombstone, has the place. */
const MINE = 'lease = :lease';

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
    private readonly opening: DynamoTurnOpening,
    private readonly recovery: DynamoTurnRecovery,
    private readonly inline: DynamoLegacyHistory,
    private readonly environment: Environment,
  ) {}

  /**
   * Begins a turn in one write: opens the chat or checks that it is this user's, gives the turn its number, takes
   * the lease and stores the prompt, which is durable from here on.
   *
   * @param deadline - epoch milliseconds by which the turn will have ended.
   * @throws ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError
   */
  async begin(userId: string, { chatId, key, prompt }: TurnRequest, deadline: number): Promise<RunningTurn | Replay> {
    const lease = randomUUID();
    return this.opening.open(userId, {
      chatId: chatId ?? (key === undefined ? randomUUID() : toKeyedChatId(userId, key)),
      isNewChat: chatId === undefined,
      // Every turn has a key, so that a late repetition of its begin is refused by it.
      key: key ?? lease,
      open: { lease, until: deadline + LEASE_MARGIN_MILLISECONDS, prompt, at: new Date().toISOString() },
    });
  }

  /**
   * Stores how a turn ended, unless another run of the turn has already done so. A number that turns out to be taken
   * by a turn it does not know (the original system has reset the head) becomes the next free one.
   *
   * @returns the turn as it now stands in the history.
   * @throws ChatNotFoundError when the chat has been deleted, TurnSupersededError when the turn came too late.
   */
  async complete(userId: string, turn: RunningTurn, outcome: TurnOutcome): Promise<StoredTurn> {
    const doneAt = new Date().toISOString();
    const expiry = toExpiry(this.environment.CHAT_TTL_DAYS);
    for (let number = turn.number; ;) {
      const { turnItem, continuations } = toTurnItems(userId, turn, number, outcome, doneAt, expiry);
      if (await this.putAll([...continuations, turnItem], turn.lease)) {
        return { number, messages: toMessages(turnItem, continuations) };
      }
      // What was put of the answer belongs to nothing now; what is another turn's stays.
      for (const part of continuations) await this.table.put(toTombstone(part), MINE, { ':lease': turn.lease });
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
  async release(userId: string, turn: RunningTurn, number: number, isDone: boolean): Promise<string> {
    const endedAt = endTimeAfter([turn.at, turn.lastTime]);
    // Where the turn has opened the chat, begin has set it; another change would be two writes more in the index.
    const updatedAt = turn.chat.updatedAt === turn.at ? turn.at : endTimeAfter([turn.at, turn.chat.updatedAt]);
    const moved = number === turn.number ? [] : turn.keys;
    const { expires_at: expiresAt = null } = toExpiry(this.environment.CHAT_TTL_DAYS);
    const update = {
      Key: headKey(userId, turn.chat.id),
      ...buildUpdate(
        {
          ended_at: endedAt,
          updated_at: updatedAt,
          turns: number,
          ...Object.fromEntries(moved.map((name) => [name, number])),
          ...Object.fromEntries(turn.staleKeys.map((name) => [name, null])),
          open: null,
          session: isDone ? { gen: turn.session.generation, at: new Date().toISOString() } : null,
          expires_at: expiresAt,
        },
        { expression: '#open.lease = :lease', values: { ':lease': turn.lease } },
      ),
      ReturnValues: 'NONE' as const,
    };
    // What it adds may be larger than what it removes.
    await this.inline.withOverflowItem(userId, turn.chat.id, () => this.table.update(update));
    return updatedAt;
  }

  /** Puts a turn's items in order. @returns whether all of them found their place. */
  private async putAll(items: readonly object[], lease: string): Promise<boolean> {
    const { expression, values } = freePlace();
    for (const item of items) {
      const condition = `${expression} OR ${MINE}`;
      const isIn = await this.table.put(item as Record<string, unknown>, condition, { ...values, ':lease': lease });
      if (!isIn) return false;
    }
    return true;
  }
}
