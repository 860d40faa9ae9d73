import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { CHAT_LIST_INDEX, buildTableSchema } from '../../../src/dynamodb/table-schema.js';
import { validationError } from './table-errors.js';

/** What an index has of an item: its keys, and what the schema projects. */
const PROJECTED = new Set(['id', 'user_id', 'updated_at', ...listProjected()]);

interface Change {
  readonly due: number;
  readonly key: string;
  readonly entry: Item | undefined;
}

/** The index of the chats of a user. It follows the table after a while, in the order of the writes. */
export class TableIndex {
  private readonly entries = new Map<string, Item>();
  private changes: Change[] = [];

  /** @throws ValidationException if the item cannot be in the index, because its `updated_at` is no text. */
  check(item: Item): void {
    const time = item['updated_at'];
    if (time !== undefined && typeof time !== 'string') {
      throw validationError(`Type mismatch for Index Key updated_at Index: ${CHAT_LIST_INDEX}`);
    }
  }

  /** Follows a write on an item. @param due - when readers see it; not before an earlier write. */
  follow(item: Item, after: Item | undefined, due: number): void {
    const key = JSON.stringify([item['id'], item['user_id']]);
    const entry = after?.['updated_at'] === undefined ? undefined : project(after);
    if (entry === undefined && !this.entries.has(key) && !this.changes.some((change) => change.key === key)) return;
    this.changes.push({ due: Math.max(due, this.changes.at(-1)?.due ?? 0), key, entry });
  }

  /** The chats of a user as readers see them now, newest first. */
  list(userId: unknown, now: number): Item[] {
    this.settle(now);
    return [...this.entries.values()].filter((entry) => entry['user_id'] === userId).toSorted(byTimeAndId);
  }

  private settle(now: number): void {
    const due = this.changes.filter((change) => change.due <= now);
    this.changes = this.changes.slice(due.length);
    for (const { key, entry } of due) {
      if (entry) this.entries.set(key, entry);
      else this.entries.delete(key);
    }
  }
}

/** Newest first. DynamoDB has an order for equal times too, but does not say which. */
export function byTimeAndId(left: Item, right: Item): number {
  const keys = ['updated_at', 'id'] as const;
  for (const key of keys) {
    if (left[key] !== right[key]) return String(left[key]) < String(right[key]) ? 1 : -1;
  }
  return 0;
}

function project(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => PROJECTED.has(name)));
}

function listProjected(): readonly string[] {
  return buildTableSchema('').GlobalSecondaryIndexes?.[0]?.Projection?.NonKeyAttributes ?? [];
}
