import { Injectable } from '@nestjs/common';
import { DynamoTable, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { toSeconds } from '../../dynamodb/item-expiry.js';
import type { RunningTurn } from '../model/turn.js';
import { type HeadItem, headKey, type OpenTurn } from './items/head-item.js';
import { whileChatIsHeldBy } from './items/turn-lease.js';

/** The end of a lease that is over by every clock. */
const ENDED = 0;

/** Changes when the lease of a turn ends, while the turn holds its chat. */
@Injectable()
export class DynamoTurnLease {
  constructor(private readonly table: DynamoTable) {}

  /**
   * Renews the lease of a turn whose end could not be stored. The call is repeated until the lease ends.
   *
   * @param until - epoch milliseconds.
   * @returns the turn. Its `storeUntil` is `until`, or unchanged if the chat expires earlier or another turn holds it.
   * @throws StorageUnavailableError
   */
  async renew(userId: string, turn: RunningTurn, until: number): Promise<RunningTurn> {
    // A late repetition must not renew a lease that was ended meanwhile.
    const condition = '#open.#until IN (:old, :until) AND (attribute_not_exists(expires_at) OR expires_at > :alive)';
    const values = { ':old': turn.storeUntil, ':alive': toSeconds(until) };
    const isRenewed = await this.table.repeat(turn.storeUntil, () =>
      this.setEnd(headKey(userId, turn.chat.id), turn.lease, { until, condition, values }),
    );
    return isRenewed ? { ...turn, storeUntil: until } : turn;
  }

  /**
   * Ends the lease of a turn that nobody stores any more, so that the next turn need not wait for it.
   *
   * @throws StorageUnavailableError
   */
  async end(userId: string, turn: RunningTurn): Promise<void> {
    await this.setEnd(headKey(userId, turn.chat.id), turn.lease, { until: ENDED });
  }

  /**
   * Ends a lease that has expired, so that it cannot be renewed any more.
   *
   * @returns false if it was renewed since the head was read, or holds the chat no more.
   * @throws StorageUnavailableError
   */
  async endExpired(head: HeadItem, { lease, until }: OpenTurn): Promise<boolean> {
    // It may have ended since then, by an earlier try of this call or by another process.
    const condition = '#open.#until IN (:old, :until)';
    return this.setEnd(headKey(head.user_id, head.id), lease, { until: ENDED, condition, values: { ':old': until } });
  }

  private async setEnd(
    key: ItemKey,
    lease: string,
    { until, condition, values }: { until: number; condition?: string; values?: Readonly<Record<string, unknown>> },
  ): Promise<boolean> {
    const isHeld = whileChatIsHeldBy(lease);
    const head = await this.table.update({
      Key: key,
      UpdateExpression: 'SET #open.#until = :until',
      ConditionExpression: condition === undefined ? isHeld.expression : `${isHeld.expression} AND ${condition}`,
      ExpressionAttributeNames: { ...isHeld.names, '#until': 'until' },
      ExpressionAttributeValues: { ...isHeld.values, ...values, ':until': until },
    });
    return head !== undefined;
  }
}
