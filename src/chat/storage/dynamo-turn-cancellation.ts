import { Injectable } from '@nestjs/common';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import { buildUpdate, Computed } from '../../dynamodb/update-expression.js';
import { headKey } from './items/head-item.js';
import { toKeyAttribute } from './items/remembered-keys.js';
import { toEndTime } from './items/stored-times.js';
import { toHeadTombstoneChanges, toTombstone } from './items/tombstone.js';
import { whileChatIsHeldBy } from './items/turn-lease.js';
import { isUnrepeatable, type TurnAttempt } from './turn-attempt.js';

/** A write may arrive this much later than it was sent: two tries of the SDK. */
const WRITE_DELAY_MILLISECONDS = 3_000;

/**
 * Cancels attempts to begin whose fate is unknown: the write may have arrived, or may still arrive.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoTurnCancellation {
  constructor(private readonly table: DynamoTable) {}

  /**
   * Makes the table refuse the attempt from now on, or ends its turn if it has begun.
   * A mark on the head refuses it; if the chat is new, a tombstone in place of the head does.
   * A new chat that the caller's key opens stays open, because the caller may repeat the request.
   *
   * @param lastTime - the latest time on the head that the attempt knew.
   */
  async cancelAttempt(userId: string, attempt: TurnAttempt, lastTime: string): Promise<void> {
    const isRefused = isUnrepeatable(attempt)
      ? await this.table.put(toTombstone(headKey(userId, attempt.chatId)), { expression: 'attribute_not_exists(id)' })
      : await this.markAsCancelled(userId, attempt);
    if (!isRefused) await this.endAbandoned(userId, attempt, lastTime);
  }

  /** @returns false if the chat does not exist, or if the turn has begun. */
  private async markAsCancelled(userId: string, { chatId, open }: TurnAttempt): Promise<boolean> {
    const head = await this.table.update({
      Key: headKey(userId, chatId),
      ...buildUpdate(
        // The number makes the mark stale like a key, after 16 more turns.
        { [toKeyAttribute(open.lease)]: new Computed('if_not_exists(turns, :none)') },
        {
          expression:
            'attribute_exists(id) AND attribute_not_exists(deleted_at) ' +
            'AND (attribute_not_exists(#open) OR #open.lease <> :lease)',
          names: { '#open': 'open' },
          values: { ':lease': open.lease, ':none': 0 },
        },
      ),
    });
    return head !== undefined;
  }

  /** Ends a turn that has begun and that nobody runs. */
  private async endAbandoned(userId: string, attempt: TurnAttempt, lastTime: string): Promise<void> {
    const { chatId, key, open } = attempt;
    // Begins that this turn has kept out, and that are still under way, are late by this time.
    const endedAt = toEndTime([open.at, lastTime], Date.now() + WRITE_DELAY_MILLISECONDS);
    const ended = isUnrepeatable(attempt) ? toHeadTombstoneChanges(toKeyAttribute(key)) : { ended_at: endedAt };
    await this.table.update({
      Key: headKey(userId, chatId),
      ...buildUpdate({ open: null, ...ended }, whileChatIsHeldBy(open.lease)),
    });
  }
}
