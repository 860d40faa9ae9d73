import { createHash } from 'node:crypto';
import type { StoredTurn, Message } from '../../model/chat.js';
import { groupIntoTurns } from '../../model/history-page.js';
import { toTitle } from '../../model/title.js';
import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import { isExpired } from '../../../dynamodb/item-expiry.js';
import type { StoredChat, RunningTurn } from '../../model/turn.js';

/** Turns of a chat whose keys the head remembers; the short names keep a head under 1 KB, one write unit. */
const REMEMBERED_KEYS = 16;
const KEY_ATTRIBUTE = /^k_[\w-]{11}$/;
/** Most keys that one turn forgets: an expression of DynamoDB has 4 KB at most. The next turn forgets more. */
const FORGOTTEN_AT_ONCE = 50;
/** A time further ahead than this, in milliseconds, is no clock's that one should follow. */
const CREDIBLE_AHEAD_MILLISECONDS = 60 * 60 * 1000;
/** A session counts as forgotten so long before its time, in milliseconds: clocks differ, and the turn takes its time. */
const SESSION_MARGIN_MILLISECONDS = 10_000;

/** The turn that holds the chat: written by begin, removed by release. */
export interface OpenTurn {
  readonly lease: string;
  /** Epoch milliseconds after which the turn counts as dead. */
  readonly until: number;
  readonly prompt: string;
  /** ISO 8601 UTC: when it began. */
  readonly at: string;
}

/**
 * The head of a chat: one item at `{id, user_id}`. Items of the original system have `messages` inside and none of
 * the optional attributes.
 */
export interface HeadItem extends ItemKey {
  readonly title?: unknown;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  /**
   * ISO 8601 UTC: when the newest turn ended or was cleared away, and later than all ends before it. No index holds it,
   * so that it costs nothing to write. Absent from older data, whose `updated_at` stands for it.
   */
  readonly ended_at?: unknown;
  /** Number of the last turn given. */
  readonly turns?: number;
  readonly open?: OpenTurn;
  /** The agent's session: its generation, and when it was last used (ISO 8601 UTC). */
  readonly session?: { readonly gen: string; readonly at: string };
  /** ISO 8601 UTC: the chat is being deleted, or has been. */
  readonly deleted_at?: string;
  /** Epoch seconds. */
  readonly expires_at?: number;
  readonly messages?: unknown;
  /** Names the item that `messages` have moved to. */
  readonly inline_item?: string;
  /**
   * `k_<11 characters>`: the number of the turn that has this key, or, as the mark of a begin that was called off, of the
   * newest turn at that time.
   */
  readonly [keyAttribute: `k_${string}`]: number;
}

/** The key of a chat's head. The user is a part of it: a read across users cannot be written by accident. */
export function headKey(userId: string, chatId: string): ItemKey {
  return { id: chatId, user_id: userId };
}

/** An item as a head, or undefined where there is none that may be shown: absent, deleted or expired. */
export function visibleHead(item: Item | undefined): HeadItem | undefined {
  const head = item as HeadItem | undefined;
  return head && head.deleted_at === undefined && !isExpired(head) ? head : undefined;
}

/** The head's attribute that remembers a key: 66 bits of its hash. */
export function keyAttribute(key: string): `k_${string}` {
  return `k_${createHash('sha256').update(key).digest('base64url').slice(0, 11)}`;
}

/** The turn that a head has just been opened for, by the lease of `open`. */
export function toRunningTurn(head: HeadItem, open: OpenTurn, sessionTtlSeconds: number): RunningTurn {
  const generation = liveSession(head, sessionTtlSeconds);
  return {
    chat: toStoredChat(head),
    number: head.turns ?? 1,
    lease: open.lease,
    prompt: open.prompt,
    at: open.at,
    lastTime: lastTimeOf(head),
    session: { generation: generation ?? open.lease, isNew: generation === undefined },
    keys: keyAttributesOf(head),
    staleKeys: staleKeyAttributes(head),
  };
}

/** The latest time that a head knows of, as it is stored, or nothing. A begin that is late is told by it. */
export function lastTimeOf({ ended_at: endedAt, updated_at: updatedAt }: HeadItem): string {
  const times = [endedAt, updatedAt].filter((time) => typeof time === 'string');
  return times.toSorted().at(-1) ?? '';
}

/**
 * The head's `ended_at` once a turn has ended: now, and later than all that the turn has seen, so that it grows with
 * every turn, whatever the clocks of those who run them say. A late repetition of a begin is told by it.
 *
 * @param seen - when the turn began, and the latest time that the head knew of then.
 */
export function endTimeAfter(seen: readonly string[], now = Date.now()): string {
  const credible = seen
    .map((time) => Date.parse(timeOf(time)))
    .filter((time) => time < now + CREDIBLE_AHEAD_MILLISECONDS);
  return new Date(Math.max(now, ...credible.map((time) => time + 1))).toISOString();
}

/** What a head says of its chat. */
export function toStoredChat(head: HeadItem): StoredChat {
  const inlineTurns = inlineTurnsOf(head.messages);
  const firstPrompt = inlineTurns[0]?.messages[0]?.content ?? '';
  return {
    id: head.id,
    userId: head.user_id,
    title: typeof head.title === 'string' && head.title ? head.title : toTitle(firstPrompt),
    createdAt: timeOf(head.created_at),
    updatedAt: timeOf(head.updated_at),
    inlineTurns,
    ...(head.inline_item !== undefined && { inlineItem: head.inline_item }),
  };
}

/** The generation of a session that the agent has surely not forgotten yet. */
function liveSession({ session }: HeadItem, ttlSeconds: number): string | undefined {
  if (!session) return undefined;
  const age = Date.now() - Date.parse(session.at);
  return age < ttlSeconds * 1000 - SESSION_MARGIN_MILLISECONDS ? session.gen : undefined;
}

/** The attributes of the keys that lead to the newest turn. */
export function keyAttributesOf(head: HeadItem): string[] {
  return Object.entries(head)
    .filter(([name, number]) => KEY_ATTRIBUTE.test(name) && number === head.turns)
    .map(([name]) => name);
}

/** The remembered keys that are older than the newest 16 turns. */
function staleKeyAttributes(head: HeadItem): string[] {
  const oldest = (head.turns ?? 0) - REMEMBERED_KEYS;
  return Object.entries(head)
    .filter(([name, number]) => KEY_ATTRIBUTE.test(name) && typeof number === 'number' && number <= oldest)
    .map(([name]) => name)
    .slice(0, FORGOTTEN_AT_ONCE);
}

/** The messages that the original system kept inside a head, as turns that end with number 0. */
export function inlineTurnsOf(messages: unknown): StoredTurn[] {
  if (!Array.isArray(messages)) return [];
  const turns = groupIntoTurns(messages.map(inlineMessageOf));
  return turns.map((turn, index) => ({ number: index - turns.length + 1, messages: turn }));
}

function inlineMessageOf(entry: unknown): Message {
  const message: { role?: unknown; content?: unknown } =
    typeof entry === 'object' && entry ? entry : { content: entry };
  const content = message.content ?? '';
  return {
    role: message.role === 'user' ? 'user' : 'assistant',
    content: typeof content === 'string' ? content : JSON.stringify(content),
  };
}

/** A stored time as ISO 8601 UTC with milliseconds; the original system's times are UTC without a zone. */
function timeOf(stored: unknown): string {
  if (typeof stored !== 'string') return new Date(0).toISOString();
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(stored);
  const time = new Date(hasZone ? stored : `${stored.replace(' ', 'T')}Z`);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
