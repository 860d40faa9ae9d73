import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import { toExpiry, toSeconds } from '../../../dynamodb/item-expiry.js';
import type { Condition } from '../../../dynamodb/update-expression.js';
import type { KeyAttribute } from './remembered-keys.js';

/** Days that a tombstone stays: long enough to refuse every late repetition of a write. */
const TOMBSTONE_DAYS = 1;

const ATTRIBUTES = new Set(['id', 'user_id', 'deleted_at', 'expires_at']);

/** The attributes of a mark, which a delete puts in place of the head before it replaces the other items. */
const MARK_ATTRIBUTES = new Set([...ATTRIBUTES, 'updated_at', 'turns', 'session', 'inline_item']);

/** What a delete leaves in place of an item. A late repetition of the item's write is refused by it. */
export interface Tombstone extends ItemKey {
  /** ISO 8601 UTC. */
  readonly deleted_at: string;
  /** Epoch seconds. */
  readonly expires_at?: number;
}

/** The tombstone of the item with this key. */
export function toTombstone({ id, user_id }: ItemKey): Tombstone & Item {
  return { id, user_id, deleted_at: new Date().toISOString(), ...toExpiry(TOMBSTONE_DAYS) };
}

/** The changes that make a tombstone of the head of a chat whose only turn was cancelled. */
export function toHeadTombstoneChanges(key: KeyAttribute): Readonly<Record<string, unknown>> {
  return {
    deleted_at: new Date().toISOString(),
    ...toExpiry(TOMBSTONE_DAYS),
    title: null,
    title_id: null,
    created_at: null,
    updated_at: null,
    turns: null,
    [key]: null,
  };
}

/**
 * Whether an item is a tombstone. An item with other attributes is none, though another system calls it deleted. Nor is
 * an item without a time in `deleted_at`: a delete must be able to replace it.
 */
export function isTombstone(item: Item): boolean {
  const { deleted_at: time } = item;
  return typeof time === 'string' && time !== '' && Object.keys(item).every((name) => ATTRIBUTES.has(name));
}

/**
 * Whether an item is the mark of a delete that has not ended. Other systems write `deleted_at` into whole chats, which may
 * be restored there. Those are no marks.
 */
export function isDeleteMark(item: Item): boolean {
  const { deleted_at: deletedAt, updated_at: updatedAt } = item;
  const hasTimes = typeof deletedAt === 'string' && typeof updatedAt === 'string';
  return hasTimes && Object.keys(item).every((name) => MARK_ATTRIBUTES.has(name));
}

/** The condition that a key is free: it has no item, or one that has expired and that DynamoDB has not removed yet. */
export function whileKeyIsFree(): Condition {
  return {
    expression: 'attribute_not_exists(id) OR expires_at <= :now',
    values: { ':now': toSeconds(Date.now()) },
  };
}
