import type { Item } from '../../../src/dynamodb/dynamo-table.js';

/** Bytes of an item in DynamoDB's units, names included (Developer Guide, "DynamoDB item sizes and formats"). */
export function toItemSize(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) size += Buffer.byteLength(name) + toValueSize(value);
  return size;
}

function toValueSize(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(Math.abs(value)).length / 2) + 1;
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Set) return [...value].reduce<number>((sum, element) => sum + toValueSize(element), 0);
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + 1 + toValueSize(element), 3);
  const members = Object.entries(value);
  return members.reduce((sum, [name, member]) => sum + 1 + Buffer.byteLength(name) + toValueSize(member), 3);
}
