import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { STOP_WAIT } from '../../config/waits.js';
import { DynamoTable, type ItemKey } from '../../dynamodb/dynamo-table.js';
import type { OnAbandoned } from '../model/turn.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { type HeadItem, headKey, type OpenTurn, requireVisibleHead, toHead, toVisibleHead } from './items/head-item.js';
import { findLastTime } from './items/stored-times.js';
import { isLeaseLive, whileChatIsHeldBy } from './items/turn-lease.js';

/** Pauses between looks whether a turn has stopped, in milliseconds: the first, and the longest. Each is twice as long. */
const LOOK_PAUSES = { first: 50, longest: 500 };

/** A turn that runs in this process. */
export interface LeasedTurn {
  readonly userId: string;
  readonly chatId: string;
  readonly lease: string;
  /** ISO 8601 UTC: when it began. */
  readonly at: string;
}

/** Hears how a turn is ended. */
export interface EndObserver {
  /** Gets the lease as soon as the stop is stored. A turn of this process need not wait to read it. */
  readonly onStop: (lease: string) => void;
  readonly onAbandoned?: OnAbandoned | undefined;
}

/**
 * Stops turns by a mark on the head: `open.stop`. The process that runs the turn looks for it. The mark is bound to the
 * lease, so a stop that arrives late or twice hits no other turn.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoTurnStop {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly legacy: DynamoLegacyHistory,
    private readonly clock: Clock,
  ) {}

  /**
   * Tells the running turn of a chat to stop.
   *
   * @param number - of the turn that may be stopped. Without it, any may.
   * @returns its lease, or undefined if no such turn runs.
   * @throws ChatNotFoundError
   */
  async stop(userId: string, chatId: string, number?: number): Promise<string | undefined> {
    const head = requireVisibleHead(await this.table.get(headKey(userId, chatId)));
    if (!head.open || !isLeaseLive(head.open)) return undefined;
    if (number !== undefined && number !== (head.turns ?? 1)) return undefined;
    return (await this.mark(head, head.open)) ? head.open.lease : undefined;
  }

  /**
   * Stops a running turn and waits until it has left its chat. If it does not leave in time, the turn is ended here.
   *
   * @returns the latest time on the head, or `''` if the chat is gone.
   */
  async end(head: HeadItem, open: OpenTurn, { onStop, onAbandoned }: EndObserver): Promise<string> {
    const freed = await this.recovery.freeStoredTurn(head, open, onAbandoned);
    if (freed !== undefined) return freed;
    const until = this.clock.now() + STOP_WAIT;
    const marked = await this.mark(head, open);
    if (!marked) return findLastTime(head);
    onStop(open.lease);
    const left = await this.waitForEnd(marked, open.lease, until);
    return left ?? this.recovery.abandonTurn(marked, { ...open, stop: true }, onAbandoned);
  }

  /**
   * Finds the turns that must stop: they were told to, or have lost their chat. A turn goes on if another system has written
   * its head anew. What DynamoDB has no capacity for is left to the next look.
   *
   * @param onStop - gets each lease as soon as it is certain, also if other turns cannot be read.
   */
  async findStopped(turns: readonly LeasedTurn[], onStop: (lease: string) => void): Promise<void> {
    const keys = new Map(turns.map((turn) => [toMapKey(toKey(turn)), toKey(turn)]));
    const { items, left } = await this.table.getMany([...keys.values()], 'open');
    const unread = new Set(left.map(toMapKey));
    const heads = items.map(toHead);
    const opens = new Map(heads.map((head) => [toMapKey(head), head.open]));
    const read = turns.filter((turn) => !unread.has(toMapKey(toKey(turn))));
    const looks = read.map(async (turn) => {
      if (await this.isStopped(turn, opens.get(toMapKey(toKey(turn))))) onStop(turn.lease);
    });
    await Promise.all(looks);
  }

  /** @param seen - the open turn, from a read that may be older than the begin of the turn. */
  private async isStopped(turn: LeasedTurn, seen: OpenTurn | undefined): Promise<boolean> {
    if (seen?.lease === turn.lease) return seen.stop === true;
    const item = await this.table.get(toKey(turn));
    if (!item) return true;
    const { open, deleted_at: deletedAt, ended_at: endedAt } = toHead(item);
    if (open) return open.lease !== turn.lease || open.stop === true;
    // Every end of a turn is later than its begin.
    return deletedAt !== undefined || findLastTime({ ended_at: endedAt }) > turn.at;
  }

  /** @returns the head with the mark, or undefined if the turn holds the chat no more. */
  private async mark({ id, user_id: userId }: HeadItem, { lease }: OpenTurn): Promise<HeadItem | undefined> {
    const isHeld = whileChatIsHeldBy(lease);
    const update = {
      Key: headKey(userId, id),
      UpdateExpression: 'SET #open.#stop = :stop',
      ConditionExpression: isHeld.expression,
      ExpressionAttributeNames: { ...isHeld.names, '#stop': 'stop' },
      ExpressionAttributeValues: { ...isHeld.values, ':stop': true },
    };
    const item = await this.legacy.withOverflowItem(userId, id, () => this.table.update(update));
    return item && toHead(item);
  }

  /**
   * Waits until a turn has left its chat. Each look takes time too.
   *
   * @param until - epoch milliseconds.
   * @returns the latest time on the head; undefined if the turn is still there.
   */
  private async waitForEnd(head: ItemKey, lease: string, until: number): Promise<string | undefined> {
    for (let pause = LOOK_PAUSES.first; ; pause = Math.min(2 * pause, LOOK_PAUSES.longest)) {
      const left = until - this.clock.now();
      if (left <= 0) return undefined;
      await this.clock.sleep(Math.min(pause, left));
      const now = toVisibleHead(await this.table.get(headKey(head.user_id, head.id)));
      if (!now) return '';
      if (now.open?.lease !== lease) return findLastTime(now);
    }
  }
}

function toKey({ userId, chatId }: LeasedTurn): ItemKey {
  return headKey(userId, chatId);
}

/** No id of a chat or a user has a `#`. */
function toMapKey({ id, user_id: userId }: ItemKey): string {
  return `${id}#${userId}`;
}
