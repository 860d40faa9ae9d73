import { createHash } from 'node:crypto';
import type { Citation, Message, StoredChat, Turn, TurnOutcome } from './chat.js';
import { titleFrom } from './chat-title.js';

/** Turns of a chat whose keys the head remembers; the short names keep a head under 1 KB, one write unit. */
const REMEMBERED_KEYS = 16;
const KEY_ATTRIBUTE = /^k_[\w-]{11}$/;
const TURN_DIGITS = 12;

/** The turn that holds the chat: written by begin, removed by release. */
export interface OpenTurn {
  readonly lease: string;
  /** Epoch milliseconds after which the turn counts as dead. */
  readonly until: number;
  readonly prompt: string;
  /** ISO 8601 UTC: when it began. */
  readonly at: string;
}

/** The agent's session of a chat. */
interface SessionAttribute {
  readonly gen: string;
  /** ISO 8601 UTC: when it was last used. */
  readonly at: string;
}

/**
 * The head of a chat: one item at `{id, user_id}`. Items of the original system have `messages` inside and none of
 * the optional attributes.
 */
export interface HeadItem {
  readonly id: string;
  readonly user_id: string;
  readonly title?: unknown;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  /** Number of the last turn given. */
  readonly turns?: number;
  readonly open?: OpenTurn;
  readonly session?: SessionAttribute;
  readonly messages?: unknown;
}

/** A turn that has ended: one item at `{id, <user>#T#<12 digits>}`. */
export interface TurnItem {
  readonly id: string;
  readonly user_id: string;
  readonly prompt: string;
  readonly answer?: string;
  readonly status: TurnOutcome['status'];
  readonly lease?: string;
  readonly citations?: readonly Citation[];
  readonly at: string;
  readonly done_at: string;
}

/** The key of a chat's head. The user is a part of it: a read across users cannot be written by accident. */
export function headKey(userId: string, chatId: string): { id: string; user_id: string } {
  return { id: chatId, user_id: userId };
}

/** The sort key of a turn. User ids hold no `#`, so no user's turn can look like another user's. */
export function turnSortKey(userId: string, number: number): string {
  return `${userId}#T#${String(number).padStart(TURN_DIGITS, '0')}`;
}

/** The head's attribute that remembers a key: 66 bits of its hash. */
export function keyAttribute(key: string): string {
  return `k_${createHash('sha256').update(key).digest('base64url').slice(0, 11)}`;
}

/** The remembered keys that are older than the newest 16 turns. */
function staleKeyAttributes(head: HeadItem): string[] {
  const oldest = (head.turns ?? 0) - REMEMBERED_KEYS;
  return Object.entries(head)
    .filter(([name, number]) => KEY_ATTRIBUTE.test(name) && typeof number === 'number' && number <= oldest)
    .map(([name]) => name);
}

/** What a head says of its chat. */
export function storedChatOf(head: HeadItem): StoredChat {
  const inline = inlineMessagesOf(head);
  return {
    inlineMessages: inline,
    id: head.id,
    userId: head.user_id,
    title: typeof head.title === 'string' && head.title ? head.title : titleFrom(inline[0]?.content ?? ''),
    createdAt: timeOf(head.created_at),
    updatedAt: timeOf(head.updated_at),
  };
}

/** The turn that a head has just been opened for. A chat without a session opens one, named by this turn's lease. */
export function beganTurn(head: HeadItem, open: OpenTurn): Turn {
  return {
    chat: storedChatOf(head),
    number: head.turns ?? 1,
    lease: open.lease,
    prompt: open.prompt,
    at: open.at,
    session: head.session?.gen ?? open.lease,
    staleKeys: staleKeyAttributes(head),
  };
}

/** The messages that the original system kept inside the head, oldest first. */
function inlineMessagesOf(head: HeadItem): Message[] {
  if (!Array.isArray(head.messages)) return [];
  return head.messages.map((entry: unknown) => {
    const message: { role?: unknown; content?: unknown } =
      typeof entry === 'object' && entry ? entry : { content: entry };
    const content = message.content ?? '';
    return {
      role: message.role === 'user' ? 'user' : 'assistant',
      content: typeof content === 'string' ? content : JSON.stringify(content),
    };
  });
}

/** A finished turn as its item. */
export function turnItem(userId: string, turn: Turn, outcome: TurnOutcome, doneAt: string): TurnItem {
  const { status } = outcome;
  return {
    id: turn.chat.id,
    user_id: turnSortKey(userId, turn.number),
    prompt: turn.prompt,
    ...(status !== 'failed' && { answer: outcome.answer }),
    ...(status !== 'failed' && outcome.citations.length > 0 && { citations: outcome.citations }),
    status,
    lease: turn.lease,
    at: turn.at,
    done_at: doneAt,
  };
}

/** An open turn that will not be finished by the one who began it, as the item of a failed turn. */
export function abandonedTurnItem(head: HeadItem, open: OpenTurn, doneAt: string): TurnItem {
  return {
    id: head.id,
    user_id: turnSortKey(head.user_id, head.turns ?? 1),
    prompt: open.prompt,
    status: 'failed',
    lease: open.lease,
    at: open.at,
    done_at: doneAt,
  };
}

/** A turn's item as one or two messages. */
export function messagesOfItem(item: TurnItem): Message[] {
  const outcome: TurnOutcome =
    item.status === 'failed'
      ? { status: 'failed' }
      : { status: item.status, answer: item.answer ?? '', citations: item.citations ?? [] };
  return messagesOf(item, outcome, item.done_at);
}

/** A turn as the caller sees it: the prompt, and the answer where there is one. */
function messagesOf(turn: Pick<Turn, 'prompt' | 'at'>, outcome: TurnOutcome, doneAt: string): Message[] {
  const question: Message = { role: 'user', content: turn.prompt, createdAt: turn.at };
  if (outcome.status === 'failed') return [{ ...question, status: 'failed' }];
  const answer: Message = {
    role: 'assistant',
    content: outcome.answer,
    createdAt: doneAt,
    ...(outcome.status === 'partial' && { status: 'partial' }),
    ...(outcome.citations.length > 0 && { citations: outcome.citations }),
  };
  return [question, answer];
}

/** The turn that holds the chat, as the caller sees it: still running, or dead when its lease has run out. */
export function messagesOfOpen(open: OpenTurn, now: number): Message[] {
  const status = now < open.until ? 'pending' : 'failed';
  return [{ role: 'user', content: open.prompt, createdAt: open.at, status }];
}

/** A stored time as ISO 8601 UTC with milliseconds; the original system's times are UTC without a zone. */
function timeOf(stored: unknown): string {
  if (typeof stored !== 'string') return new Date(0).toISOString();
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(stored);
  const time = new Date(hasZone ? stored : `${stored.replace(' ', 'T')}Z`);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
