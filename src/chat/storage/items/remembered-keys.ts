import { createHash } from 'node:crypto';

/** Turns whose idempotency keys the head remembers. Short names keep the head under 1 KB, one write unit. */
const REMEMBERED_TURNS = 16;
/** Most keys that one turn removes: an expression of DynamoDB has at most 4 KB. The next turn removes more. */
const REMOVED_AT_ONCE = 50;
/** The names of the head's attributes for idempotency keys. */
export const KEY_ATTRIBUTE = /^k_[\w-]{11}$/;

/** The name of the head's attribute for an idempotency key. Its value is a turn number. */
export type KeyAttribute = `k_${string}`;

/** The part of a head that is needed to tell the age of its keys. */
interface NumberedHead {
  readonly turns?: number;
}

/** The head's attribute for an idempotency key: `k_` and 66 bits of the key's hash. */
export function toKeyAttribute(key: string): KeyAttribute {
  return `k_${createHash('sha256').update(key).digest('base64url').slice(0, 11)}`;
}

/** The key attributes of the newest turn. */
export function listNewestKeys(head: NumberedHead): string[] {
  return listKeys(head, (number) => number === head.turns);
}

/** The key attributes that are older than the newest 16 turns, as many as one turn may remove. */
export function listStaleKeys(head: NumberedHead): string[] {
  const newestStale = (head.turns ?? 0) - REMEMBERED_TURNS;
  return listKeys(head, (number) => number <= newestStale).slice(0, REMOVED_AT_ONCE);
}

function listKeys(head: NumberedHead, isWanted: (number: number) => boolean): string[] {
  return Object.entries(head)
    .filter(([name, number]) => KEY_ATTRIBUTE.test(name) && typeof number === 'number' && isWanted(number))
    .map(([name]) => name);
}
