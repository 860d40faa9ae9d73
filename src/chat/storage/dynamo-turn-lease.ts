import { Injectable } from '@nestjs/common';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import { toSeconds } from '../../dynamodb/item-expiry.js';
import type { RunningTurn } from '../model/turn.js';
import { headKey } from './items/head-item.js';
import { whileChatIsHeldBy } from './items/turn-lease.js';

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
      this.setEnd(userId, turn, { until, condition, values }),
    );
    return isRenewed ? { ...turn, storeUntil: until } : turn;
  }

  /**
   * Ends the lease of a turn that nobody stores any more, so that the next turn need not wait for it.
   *
   * @throws StorageUnavailableError
   */
  async end(userId: string, turn: RunningTurn): Promise<void> {
    // Before the time of every clock.
    await this.setEnd(userId, turn, { until: 0 });
  }

  private async setEnd(
    userId: string,
    { chat, lease }: RunningTurn,
    { until, condition, values }: { until: number; condition?: string; values?: Readonly<Record<string, unknown>> },
  ): Promise<boolean> {
    const isHeld = whileChatIsHeldBy(lease);
    const head = await this.table.update({
      Key: headKey(userId, chat.id),
      UpdateExpression: 'SET #open.#until = :until',
      ConditionExpression: condition === undefined ? isHeld.expression : `${isHeld.expression} AND ${condition}`,
      ExpressionAttributeNames: { ...isHeld.names, '#until': 'until' },
      ExpressionAttributeValues: { ...isHeld.values, ...values, ':until': until },
    });
    return head !== undefined;
  }
}
