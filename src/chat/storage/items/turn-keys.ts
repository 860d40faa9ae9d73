const TURN_DIGITS = 12;
/** Higher than every turn number. */
const LAST_NUMBER = 10 ** TURN_DIGITS - 1;
/** A greater count of turns is of another system. Ours come from the time at most, so they are smaller until 2128. */
export const LARGEST_COUNT = 5e11;

/** A range of sort keys, both ends included. */
export interface SortKeyRange {
  readonly first: string;
  readonly last: string;
}

/** The sort key of a turn. User ids contain no `#`, so keys of two users never overlap. */
export function turnSortKey(userId: string, number: number): string {
  return `${userId}#T#${String(number).padStart(TURN_DIGITS, '0')}`;
}

/** The sort keys of turns `first` to `last`, with their continuation items. */
export function turnKeyRange(userId: string, last = LAST_NUMBER, first = 1): SortKeyRange {
  // `~` sorts after the `#` that separates a turn's key from the number of a continuation.
  return {
    first: turnSortKey(userId, Math.max(1, first)),
    last: `${turnSortKey(userId, Math.min(last, LAST_NUMBER))}~`,
  };
}

/** The sort keys of all items of a chat except its head. */
export function wholeKeyRange(userId: string): SortKeyRange {
  return { ...turnKeyRange(userId), first: turnSortKey(userId, 0) };
}

/** Whether the key is of a turn, and not of a continuation. */
export function isTurnKey({ user_id: sortKey }: { readonly user_id?: unknown }): boolean {
  return typeof sortKey === 'string' && /#T#\d{12}$/.test(sortKey);
}

/** Whether the key is of an item that belongs to a head: a turn, a continuation, or messages that were moved. */
export function isPartKey({ user_id: sortKey }: { readonly user_id: string }): boolean {
  return /#T#\d{12}(#|$)/.test(sortKey);
}

/** The user of an item's key. */
export function parseUserId({ user_id: sortKey }: { readonly user_id: string }): string {
  return sortKey.split('#', 1)[0] ?? '';
}

/** The number of the turn that a turn item or a continuation item belongs to. */
export function parseTurnNumber({ user_id: sortKey }: { readonly user_id: string }): number {
  return Number(/#T#(\d+)/.exec(sortKey)?.[1]);
}
