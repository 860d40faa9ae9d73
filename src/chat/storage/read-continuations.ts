import type { DynamoTable, Item } from '../../dynamodb/dynamo-table.js';
import { headKey, requireVisibleHead } from './items/head-item.js';
import { type ContinuationItem, continuationKeyRange, isContinuation } from './items/split-reply.js';
import { isTombstone } from './items/tombstone.js';
import type { TurnItem } from './items/turn-item.js';

/**
 * Reads the continuation items of a stored turn.
 *
 * @throws ChatNotFoundError when the chat is deleted meanwhile; StorageUnavailableError
 */
export async function readContinuations(
  table: DynamoTable,
  userId: string,
  { id, user_id: turnKey, parts = 0 }: TurnItem,
): Promise<ContinuationItem[]> {
  if (parts === 0) return [];
  const items: Item[] = [];
  for await (const item of table.backwards({ id, ...continuationKeyRange(turnKey), pageSize: 100 })) items.push(item);
  if (items.some(isTombstone)) requireVisibleHead(await table.get(headKey(userId, id)));
  return items.filter(isContinuation);
}
