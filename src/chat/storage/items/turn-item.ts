import type { Citation, Message, TurnOutcome } from '../../model/chat.js';
import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import type { HeadItem, OpenTurn } from './head-item.js';
import { isExpired, toSeconds, tombstoneExpiry } from '../../../dynamodb/item-expiry.js';
import type { RunningTurn } from '../../model/turn.js';
import type { Condition } from '../../../dynamodb/update-expression.js';
import { endOfCharacter } from '../../../common/utf8.js';

const TURN_DIGITS = 12;
const PART_DIGITS = 3;
/** A turn number greater than any that is given. */
const LAST_NUMBER = 10 ** TURN_DIGITS - 1;
/** Bytes of text in one item; DynamoDB takes 400 KB (409,600 bytes) for the whole of it, names included. */
const ITEM_TEXT_BYTES = 300_000;

/** Most continuations of a turn: an answer has at most 1 MB, and its first piece may be in the turn's item or not. */
const MAX_PARTS = 5;

/** A turn that has ended: one item at `{id, <user>#T#<12 digits>}`. */
export interface TurnItem extends ItemKey {
  readonly prompt: string;
  /** The answer; where there are `parts`, its beginning. */
  readonly answer?: string;
  /** How many continuation items hold the rest of the answer. */
  readonly parts?: number;
  readonly status: TurnOutcome['status'];
  /** Whose turn it is; removed when another run takes the turn's key over. */
  readonly lease?: string;
  readonly citations?: readonly Citation[];
  readonly at: string;
  readonly done_at: string;
  readonly expires_at?: number;
}

/** A piece of an answer too large for its item: one item at `{id, <user>#T#<12 digits>#<part>}`. */
export interface ContinuationItem extends ItemKey {
  readonly text: string;
  readonly lease: string;
  readonly expires_at?: number;
}

/** What stands where an item was deleted: a late repetition of its write finds the place taken. */
export type Tombstone = {
  readonly id: string;
  readonly user_id: string;
  readonly deleted_at: string;
  readonly expires_at: number;
};

/** The sort key of a turn. User ids hold no `#`, so no user's turn can look like another user's. */
export function turnSortKey(userId: string, number: number): string {
  return `${userId}#T#${String(number).padStart(TURN_DIGITS, '0')}`;
}

/** The key of a turn's item, then those of all continuations that it may have. */
export function possibleKeys(userId: string, id: string, number: number): ItemKey[] {
  const sortKey = turnSortKey(userId, number);
  const parts = Array.from({ length: MAX_PARTS }, (_part, index) => partSortKey(sortKey, index + 1));
  return [sortKey, ...parts].map((key) => ({ id, user_id: key }));
}

function partSortKey(turnKey: string, part: number): string {
  return `${turnKey}#${String(part).padStart(PART_DIGITS, '0')}`;
}

/** The sort key of the item that messages of the original system have moved to: before every turn's. */
export function legacySortKey(userId: string, name: string): string {
  return `${turnSortKey(userId, 0)}#${name}`;
}

/** The sort keys of all that belongs to a chat beside its head. */
export function wholeKeyRange(userId: string): { first: string; last: string } {
  return { ...turnKeyRange(userId), first: turnSortKey(userId, 0) };
}

/** The sort keys of the turns 1 to `last`, and of all that belongs to them. */
export function turnKeyRange(userId: string, last = LAST_NUMBER): { first: string; last: string } {
  // `~` sorts after the `#` that a continuation's key goes on with.
  return { first: turnSortKey(userId, 1), last: `${turnSortKey(userId, last)}~` };
}

/** The number of the turn that an item belongs to, be it the turn's own or a continuation. */
export function parseTurnNumber({ user_id: sortKey }: { readonly user_id: string }): number {
  return Number(/#T#(\d+)/.exec(sortKey)?.[1]);
}

/** An ended turn as its items: the continuations first, because the turn item, written last, makes them count. */
export function toTurnItems(
  userId: string,
  turn: RunningTurn,
  number: number,
  outcome: TurnOutcome,
  doneAt: string,
  expiry: { expires_at?: number },
): { turnItem: TurnItem; continuations: ContinuationItem[] } {
  const { status } = outcome;
  const sortKey = turnSortKey(userId, number);
  const id = turn.chat.id;
  const [answer = '', ...rest] = status === 'failed' ? [] : pieces(outcome.reply, Buffer.byteLength(turn.prompt));
  const continuations = rest.map((text, index) => ({
    id,
    user_id: partSortKey(sortKey, index + 1),
    text,
    lease: turn.lease,
    ...expiry,
  }));
  const turnItem: TurnItem = {
    id,
    user_id: sortKey,
    prompt: turn.prompt,
    ...(status !== 'failed' && { answer }),
    ...(rest.length > 0 && { parts: rest.length }),
    ...(status !== 'failed' && outcome.citations.length > 0 && { citations: outcome.citations }),
    status,
    lease: turn.lease,
    at: turn.at,
    done_at: doneAt,
    ...expiry,
  };
  return { turnItem, continuations };
}

/** An open turn that will not be finished by the one who began it, as the item of a failed turn. */
export function toAbandonedTurnItem(
  head: HeadItem,
  open: OpenTurn,
  number: number,
  doneAt: string,
  expiry: { expires_at?: number },
): TurnItem {
  return {
    id: head.id,
    user_id: turnSortKey(head.user_id, number),
    prompt: open.prompt,
    status: 'failed',
    lease: open.lease,
    at: open.at,
    done_at: doneAt,
    ...expiry,
  };
}

export function toTombstone({ id, user_id }: ItemKey): Tombstone {
  return { id, user_id, deleted_at: new Date().toISOString(), expires_at: tombstoneExpiry() };
}

/** Whether an item is a tombstone that has expired: nothing is there, although DynamoDB has not removed it yet. */
export function isSpentTombstone(item: Item): boolean {
  return item['deleted_at'] !== undefined && isExpired(item);
}

/** The same as a condition, or that nothing is there at all: a place that may be taken. */
export function freePlace(): Condition {
  return {
    expression: 'attribute_not_exists(id) OR (attribute_exists(deleted_at) AND expires_at <= :now)',
    values: { ':now': toSeconds(Date.now()) },
  };
}

/** Whether an item is a turn's own, and no continuation or tombstone. */
export function isTurnItem(item: Item): item is Item & TurnItem {
  return 'status' in item;
}

/** A turn's item, its answer put together from the continuations of the same lease, as one or two messages. */
export function toMessages(item: TurnItem, continuations: readonly ContinuationItem[]): Message[] {
  const question: Message = { role: 'user', content: item.prompt, createdAt: item.at };
  if (item.status === 'failed') return [{ ...question, status: 'failed' }];
  const rest = continuations.filter(({ lease }) => lease === item.lease || item.lease === undefined);
  const parts = rest.toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1)).slice(0, item.parts ?? 0);
  const answer: Message = {
    role: 'assistant',
    content: [item.answer ?? '', ...parts.map(({ text }) => text)].join(''),
    createdAt: item.done_at,
    ...(item.status === 'partial' && { status: 'partial' }),
    ...(item.citations && item.citations.length > 0 && { citations: item.citations }),
  };
  return [question, answer];
}

/** The turn that holds the chat, as the caller sees it: still running, or dead when its lease has run out. */
export function toOpenMessages(open: OpenTurn): Message[] {
  const status = Date.now() < open.until ? 'pending' : 'failed';
  return [{ role: 'user', content: open.prompt, createdAt: open.at, status }];
}

/** Cuts a text into pieces that fit into an item each, the first beside `used` bytes; never inside a character. */
function pieces(text: string, used: number): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length + used <= ITEM_TEXT_BYTES) return [text];
  const cut: string[] = [];
  for (let start = 0, size = Math.max(0, ITEM_TEXT_BYTES - used); start < bytes.length; size = ITEM_TEXT_BYTES) {
    const end = endOfCharacter(bytes, start + size);
    cut.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return cut;
}
