import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { listConjuncts, parseCondition } from './condition-parser.js';
import { evaluate, readOperand } from './evaluate.js';
import { byTimeAndId } from './table-index.js';

/** DynamoDB ends a page after the item with which it has 1 MB. */
const PAGE_MAX_BYTES = 1_048_576;

/** An item and its bytes. */
export interface StoredItem {
  readonly item: Item;
  readonly size: number;
}

/**
 * Reads one page of a query in descending order, which is the only one that the product asks for.
 *
 * @param read - reads all items with a partition key, of the table or of the index.
 */
export function runQuery(input: QueryCommandInput, read: (partitionKey: unknown) => readonly StoredItem[]): object {
  if (input.ScanIndexForward !== false || input.FilterExpression !== undefined) throw new Error('Not simulated');
  const condition = parseCondition(input.KeyConditionExpression ?? '');
  const [partition] = listConjuncts(condition);
  if (partition?.kind !== 'compare') throw new Error('The partition key comes first');
  const isIndex = input.IndexName !== undefined;
  const order = isIndex ? byTimeAndId : bySortKey;
  const startKey = input.ExclusiveStartKey;
  const found = read(readOperand(partition.right, undefined, input))
    .filter(({ item }) => evaluate(condition, item, input) && (!startKey || order(startKey, item) < 0))
    .toSorted((a, b) => order(a.item, b.item));
  return toPage(found, { limit: input.Limit ?? Infinity, isIndex });
}

function toPage(found: readonly StoredItem[], { limit, isIndex }: { limit: number; isIndex: boolean }): object {
  const page: Item[] = [];
  let bytes = 0;
  for (const { item, size } of found) {
    page.push(item);
    bytes += size;
    if (page.length < limit && bytes < PAGE_MAX_BYTES) continue;
    const { id, user_id, updated_at } = item;
    return { Items: page, LastEvaluatedKey: { id, user_id, ...(isIndex && { updated_at }) } };
  }
  return { Items: page };
}

function bySortKey(left: Item, right: Item): number {
  const [first, second] = [String(left['user_id']), String(right['user_id'])];
  if (first === second) return 0;
  return first < second ? 1 : -1;
}
