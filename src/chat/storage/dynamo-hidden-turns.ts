import { Injectable } from '@nestjs/common';
import { DynamoTable, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { TurnRange } from '../model/turn.js';
import { addRange, findExcessRange, toRangeText } from './items/hidden-turns.js';
import { isTurnItem } from './items/turn-item.js';
import { turnKeyRange } from './items/turn-keys.js';

/** A turn that has an answer, and what it replaces. */
interface ReplacingTurn {
  /** The number of the first turn that it replaces. */
  readonly replaces: number;
  /** Its own number, as begin gave it. */
  readonly number: number;
}

/**
 * Hides turns that were replaced. The head has their numbers as ranges. If it has no room, the turns of a range are marked.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoHiddenTurns {
  constructor(private readonly table: DynamoTable) {}

  /**
   * Prepares that a turn hides the turns that it replaces.
   *
   * @param hidden - the ranges of the head. Only a turn that holds the chat changes them.
   * @returns the head's attribute after that.
   */
  async hide(
    { id, user_id: userId }: ItemKey,
    hidden: readonly TurnRange[],
    { replaces, number }: ReplacingTurn,
  ): Promise<string> {
    const ranges = addRange(hidden, { first: replaces, last: number - 1 });
    // The new range is never marked: the turns in it stay visible if this turn has lost its chat.
    const excess = findExcessRange(ranges, number - 1);
    if (excess) await this.mark({ id, user_id: userId }, excess);
    return toRangeText(ranges.filter((range) => range !== excess));
  }

  /** Marks turns as hidden. Their own runs can change them no more, because that would remove the mark. */
  private async mark({ id, user_id: userId }: ItemKey, { first, last }: TurnRange): Promise<void> {
    for await (const item of this.table.backwards({ id, ...turnKeyRange(userId, last, first), pageSize: 100 })) {
      if (!isTurnItem(item)) continue;
      await this.table.update({
        Key: { id, user_id: item['user_id'] },
        ...buildUpdate({ hidden: true, lease: null }, { expression: 'attribute_exists(prompt)' }),
        ReturnValues: 'NONE',
      });
    }
  }
}
