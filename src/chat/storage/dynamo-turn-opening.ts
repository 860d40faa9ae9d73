import { Injectable } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import type { Replay } from '../model/chat.js';
import { TurnInProgressError } from '../model/chat.errors.js';
import { StorageUnavailableError } from '../../dynamodb/dynamodb.errors.js';
import { toTitle } from '../model/title.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTable, type Item, type UpdateResult } from '../../dynamodb/dynamo-table.js';
import { DynamoTurnRecovery, type Obstacle, type TurnAttempt } from './dynamo-turn-recovery.js';
import { toRunningTurn, endTimeAfter, type HeadItem, headKey, keyAttribute, type OpenTurn } from './items/head-item.js';
import { toExpiry, toSeconds, tombstoneExpiry } from '../../dynamodb/item-expiry.js';
import { toTombstone } from './items/turn-item.js';
import type { RunningTurn } from '../model/turn.js';
import { Computed, type Condition, buildUpdate } from '../../dynamodb/update-expression.js';

/** Tries of a begin: one that clears a dead turn away and takes its key over needs three; races take the others. */
const ATTEMPTS = 6;

/** A write may be on its way for so long, in milliseconds: two tries of the client's. */
const UNDER_WAY_MILLISECONDS = 3_000;

/**
 * The first write of a turn: one UpdateItem on the chat's head, which is refused where anything stands in the way. Only
 * then is the head read, the obstacle cleared away, and the write tried again.
 *
 * A repetition of the write that arrives late must not begin a second turn. One that was let in before finds its key on
 * the head, or, when that has been forgotten, a head that has changed since the turn began. One that was refused leaves
 * a mark there in place of the key, if the SDK has sent it more than once.
 */
@Injectable()
export class DynamoTurnOpening {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly inline: DynamoLegacyHistory,
    private readonly environment: Environment,
  ) {}

  /**
   * @returns the turn as begun, or the answer that its key was given before.
   * @throws ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError, StorageUnavailableError
   */
  async open(userId: string, opening: TurnAttempt): Promise<RunningTurn | Replay> {
    let obstacle: Obstacle | undefined;
    let isUnderWay = false;
    try {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const tried = obstacle;
        const { item, sends } = await this.inline.withOverflowItem(userId, opening.chatId, () =>
          this.write(userId, opening, tried),
        );
        if (item) return this.turnOf(item as Item & HeadItem, opening);
        isUnderWay ||= sends > 1;
        const found = await this.recovery.clear(userId, opening);
        if (found.kind === 'mine') return this.turnOf(found.head, opening);
        if (found.kind === 'answered') return found.replay;
        obstacle = found;
      }
      throw new TurnInProgressError(1);
    } catch (error) {
      // What cannot be called off is ended by its lease.
      const callOff = () => this.callOff(userId, opening, obstacle).catch(() => undefined);
      if (error instanceof TurnInProgressError && isUnderWay) await callOff();
      // It may have begun all the same; nobody waits for this, because the table has been waited for already.
      if (error instanceof StorageUnavailableError) void callOff();
      throw error;
    }
  }

  private turnOf(head: HeadItem, { open }: TurnAttempt): RunningTurn {
    return toRunningTurn(head, open, this.environment.AGENT_SESSION_TTL_SECONDS);
  }

  private async write(
    userId: string,
    { chatId, isNewChat, key, open }: TurnAttempt,
    obstacle: Obstacle | undefined,
  ): Promise<UpdateResult> {
    const takenOver = obstacle?.kind === 'takenOver' ? obstacle : undefined;
    const isFirst = isNewChat && !takenOver;
    const namesChat = isFirst || (isNewChat && takenOver?.isUnsaid);
    const renews = isFirst || obstacle !== undefined;
    const { expires_at: expiresAt = null } = toExpiry(this.environment.CHAT_TTL_DAYS);
    const next = new Computed('if_not_exists(turns, :none) + :one');
    const condition = isFirst ? { expression: 'attribute_not_exists(id)' } : goesOnWhere(key, open, obstacle);
    return this.table.tryUpdate({
      Key: headKey(userId, chatId),
      ...buildUpdate(
        {
          turns: next,
          [keyAttribute(key)]: next,
          open,
          created_at: new Computed('if_not_exists(created_at, :at)'),
          updated_at: new Computed('if_not_exists(updated_at, :at)'),
          title: namesChat ? toTitle(open.prompt) : undefined,
          expires_at: renews ? expiresAt : undefined,
        },
        { ...condition, values: { ...condition.values, ':none': 0, ':one': 1, ':at': open.at } },
      ),
    });
  }

  /**
   * Takes a begin back of which it is not known what has become or will become of it: a mark on the head, or a tombstone
   * in the place of a new chat's, refuses what may still arrive. If the turn has begun, it is let go, and its key is that
   * mark. A new chat that a caller's key opens cannot be refused so, because the caller may ask for it again.
   */
  private async callOff(userId: string, opening: TurnAttempt, obstacle: Obstacle | undefined): Promise<void> {
    const isForgotten = isLost(opening)
      ? await this.table.put(toTombstone(headKey(userId, opening.chatId)), 'attribute_not_exists(id)')
      : await this.mark(userId, opening);
    if (!isForgotten) await this.letGo(userId, opening, lastTimeSeen(opening.open, obstacle));
  }

  /** Ends a turn that has begun, and that nobody runs. Begins that it has kept out meanwhile are late from now on. */
  private async letGo(userId: string, opening: TurnAttempt, lastTime: string): Promise<void> {
    const { chatId, key, open } = opening;
    const ended = { ended_at: endTimeAfter([open.at, lastTime], Date.now() + UNDER_WAY_MILLISECONDS) };
    const tombstone = {
      deleted_at: new Date().toISOString(),
      expires_at: tombstoneExpiry(),
      title: null,
      created_at: null,
      updated_at: null,
      turns: null,
      [keyAttribute(key)]: null,
    };
    await this.table.update({
      Key: headKey(userId, chatId),
      ...buildUpdate(
        { open: null, ...(isLost(opening) ? tombstone : ended) },
        { expression: '#open.lease = :lease', values: { ':lease': open.lease } },
      ),
    });
  }

  /** @returns false when there is no such chat, or when the turn has begun meanwhile. */
  private async mark(userId: string, { chatId, open }: TurnAttempt): Promise<boolean> {
    const head = await this.table.update({
      Key: headKey(userId, chatId),
      ConditionExpression:
        'attribute_exists(id) AND attribute_not_exists(deleted_at) ' +
        'AND (attribute_not_exists(#open) OR #open.lease <> :lease)',
      // Forgotten like a key, after as many turns.
      UpdateExpression: 'SET #mark = if_not_exists(turns, :none)',
      ExpressionAttributeNames: { '#open': 'open', '#mark': keyAttribute(open.lease) },
      ExpressionAttributeValues: { ':lease': open.lease, ':none': 0 },
    });
    return head !== undefined;
  }
}

/** The condition of a begin in a chat that is there: nothing stands in its way. */
function goesOnWhere(key: string, open: OpenTurn, obstacle: Obstacle | undefined): Condition {
  const replaces = obstacle?.kind === 'takenOver' ? obstacle.remembered : undefined;
  const conditions = [
    'attribute_exists(id)',
    'attribute_not_exists(#open)',
    'attribute_not_exists(deleted_at)',
    // A chat must not expire while its turn runs; one that would is renewed by the second try.
    '(attribute_not_exists(expires_at) OR expires_at > :alive)',
    replaces === undefined ? 'attribute_not_exists(#key)' : '#key = :replaces',
    'attribute_not_exists(#mark)',
    // Late, after so many turns that the key is forgotten. Who is not late, but whose clock is, finds out and tries again.
    'NOT ended_at > :seen',
    // The same for older data, which has no other time.
    'NOT updated_at > :seen',
  ];
  return {
    expression: conditions.join(' AND '),
    names: { '#key': keyAttribute(key), '#mark': keyAttribute(open.lease) },
    values: {
      ':alive': toSeconds(obstacle ? Date.now() : open.until),
      ':seen': lastTimeSeen(open, obstacle),
      ...(replaces !== undefined && { ':replaces': replaces }),
    },
  };
}

/** A begin is let in where the head knows of no later time than this. */
function lastTimeSeen({ at }: OpenTurn, obstacle: Obstacle | undefined): string {
  return obstacle && obstacle.lastTime > at ? obstacle.lastTime : at;
}

/** Whether nobody could ask for the chat again: it is new, and has no key of the caller's. */
function isLost({ isNewChat, key, open }: TurnAttempt): boolean {
  return isNewChat && key === open.lease;
}
