import { endOfCharacter } from '../../../common/utf8.js';
import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import { type SortKeyRange, turnSortKey } from './turn-keys.js';

/** Bytes of text in one item. DynamoDB allows 400 KB (409,600 bytes) for a whole item, names included. */
const ITEM_TEXT_BYTES = 300_000;
/** Most continuation items of a turn: a reply has at most 1 MB, and its first piece may be in the turn item or not. */
const MAX_CONTINUATIONS = 5;
const PART_DIGITS = 3;

/** A further piece of a reply that is too large for one item, at `{id, <user>#T#<12 digits>#<3 digits>}`. */
export interface ContinuationItem extends ItemKey {
  readonly text: string;
  readonly lease: string;
  readonly expires_at?: number;
}

/** The attributes of a turn item that tell which continuation items belong to it. */
interface FirstPiece {
  readonly answer?: string;
  readonly parts?: number;
  readonly lease?: string;
}

/**
 * Cuts a reply into pieces of one item each, never inside a character.
 *
 * @param promptBytes - bytes of the prompt, which shares an item with the first piece.
 */
export function splitReply(reply: string, promptBytes: number): string[] {
  const bytes = Buffer.from(reply);
  if (bytes.length + promptBytes <= ITEM_TEXT_BYTES) return [reply];
  const pieces: string[] = [];
  let start = 0;
  let size = Math.max(0, ITEM_TEXT_BYTES - promptBytes);
  while (start < bytes.length) {
    const end = endOfCharacter(bytes, start + size);
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
    size = ITEM_TEXT_BYTES;
  }
  return pieces;
}

/** Joins the pieces of a reply that are there. Pieces that another run of the turn has left are ignored. */
export function joinReply(
  { answer = '', parts = 0, lease: ownLease }: FirstPiece,
  continuations: readonly ContinuationItem[],
): { readonly text: string; readonly isWhole: boolean } {
  const own = continuations.filter(({ lease }) => ownLease === undefined || lease === ownLease);
  const pieces = own.toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1)).slice(0, parts);
  return { text: [answer, ...pieces.map(({ text }) => text)].join(''), isWhole: pieces.length === parts };
}

/** Whether an item is a continuation item. */
export function isContinuation(item: Item): item is Item & ContinuationItem {
  return typeof item['text'] === 'string';
}

/** The sort key of a turn's continuation item; `part` counts from 1. */
export function continuationSortKey(turnKey: string, part: number): string {
  return `${turnKey}#${String(part).padStart(PART_DIGITS, '0')}`;
}

/** The sort keys of all continuation items of a turn. */
export function continuationKeyRange(turnKey: string): SortKeyRange {
  return { first: `${turnKey}#`, last: `${turnKey}~` };
}

/** The key of a turn item, then the keys of all continuation items that it may have. */
export function listPossibleKeys(userId: string, id: string, number: number): ItemKey[] {
  const turnKey = turnSortKey(userId, number);
  const keys = Array.from({ length: MAX_CONTINUATIONS }, (_, index) => continuationSortKey(turnKey, index + 1));
  return [turnKey, ...keys].map((key) => ({ id, user_id: key }));
}
