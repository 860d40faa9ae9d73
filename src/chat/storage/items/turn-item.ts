import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import {
  type Citation,
  type EndReason,
  isEndedByAgent,
  type Message,
  type TokenUsage,
  type TurnOutcome,
} from '../../model/chat.js';
import type { RunningTurn } from '../../model/turn.js';
import { type TurnIds, toTurnIds } from '../../model/turn-ids.js';
import { type ContinuationItem, continuationSortKey, joinReply, splitReply } from './split-reply.js';
import type { HeadItem, OpenTurn } from './head-item.js';
import { isTombstone } from './tombstone.js';
import { isTurnKey, parseTurnNumber, turnSortKey } from './turn-keys.js';
import { isLeaseLive } from './turn-lease.js';

/** A turn that has ended: one item at `{id, <user>#T#<12 digits>}`. */
export interface TurnItem extends ItemKey {
  readonly prompt: string;
  /** The reply, or its first piece if there are `parts`. */
  readonly answer?: string;
  /** How many continuation items hold the rest of the reply. Infinite if that cannot be read. */
  readonly parts?: number;
  readonly status: TurnOutcome['status'];
  /** The run that wrote the item. It is removed when another run takes over the turn's key. */
  readonly lease?: string;
  /** The number of the first turn that it was asked to replace. Only the head says whether it has. */
  readonly replaces?: number;
  /** It was replaced, and the head had no room to say so. */
  readonly hidden?: true;
  readonly citations?: readonly Citation[];
  /** Why the agent ended the reply, unless it was finished. */
  readonly reason?: EndReason;
  /** Tokens, if the agent counts them. */
  readonly usage?: { readonly in: number; readonly out: number };
  /** ISO 8601 UTC: when the turn began. Absent if that cannot be read. */
  readonly at?: string | undefined;
  /** ISO 8601 UTC: when the turn ended. Absent if that cannot be read. */
  readonly done_at?: string | undefined;
  /** Epoch seconds. */
  readonly expires_at?: number;
}

/** What the items of an ended turn have in common. */
export interface TurnEnd {
  readonly number: number;
  /** ISO 8601 UTC. */
  readonly doneAt: string;
  readonly expiry: { readonly expires_at?: number };
}

/** The items of an ended turn, in the order in which they are written. */
export interface TurnItems {
  readonly continuations: readonly ContinuationItem[];
  /** Written last: without it the continuations do not count. */
  readonly turnItem: TurnItem;
}

/** Builds the items of an ended turn. */
export function toTurnItems(turn: RunningTurn, outcome: TurnOutcome, { number, doneAt, expiry }: TurnEnd): TurnItems {
  const { id, userId } = turn.chat;
  const { lease, prompt, at, replaces } = turn;
  const { status } = outcome;
  const sortKey = turnSortKey(userId, number);
  const [answer = '', ...rest] = status === 'failed' ? [] : splitReply(outcome.reply, Buffer.byteLength(prompt));
  return {
    continuations: rest.map((text, index) => ({
      id,
      user_id: continuationSortKey(sortKey, index + 1),
      text,
      lease,
      ...expiry,
    })),
    turnItem: {
      id,
      user_id: sortKey,
      prompt,
      ...(status !== 'failed' && !isEmptyStop(outcome) && { answer }),
      ...(rest.length > 0 && { parts: rest.length }),
      ...(status !== 'failed' && outcome.citations.length > 0 && { citations: outcome.citations }),
      ...toEnd(outcome),
      status,
      lease,
      ...(replaces !== undefined && { replaces }),
      at,
      done_at: doneAt,
      ...expiry,
    },
  };
}

/** A finished reply has no reason, as in older data. */
function toEnd(outcome: TurnOutcome): Pick<TurnItem, 'reason' | 'usage'> {
  const { usage } = outcome;
  const reason = isEndedByAgent(outcome) && outcome.reason !== 'stop' ? outcome.reason : undefined;
  return {
    ...(reason && { reason }),
    ...(usage && { usage: { in: usage.inputTokens, out: usage.outputTokens } }),
  };
}

/** Whether a turn was stopped before its first word. */
function isEmptyStop(outcome: TurnOutcome): boolean {
  return outcome.status === 'stopped' && outcome.reply === '';
}

/** What a turn keeps that was stopped while its reply was under way. A filtered reply stays hidden from agents. */
export function toStopped(outcome: TurnOutcome): TurnOutcome {
  const { reply, citations, reason } = outcome.status === 'failed' ? { reply: '', citations: [] } : outcome;
  const { usage } = outcome;
  return {
    status: 'stopped',
    reply,
    citations,
    ...(reason === 'content-filter' && { reason }),
    ...(usage && { usage }),
  };
}

/** Why the agent ended the reply of a turn; undefined if it did not: the reply was torn, cut or stopped, or never came. */
export function findEndReason({ status, reason }: TurnItem): EndReason | undefined {
  if (status === 'stopped') return undefined;
  return reason ?? (status === 'done' ? 'stop' : undefined);
}

/** Builds the item of an open turn that its own run will not finish. It has failed, or was told to stop. */
export function toAbandonedTurnItem(head: HeadItem, open: OpenTurn, { number, doneAt, expiry }: TurnEnd): TurnItem {
  return {
    id: head.id,
    user_id: turnSortKey(head.user_id, number),
    prompt: open.prompt,
    status: open.stop ? 'stopped' : 'failed',
    lease: open.lease,
    ...(open.replaces !== undefined && { replaces: open.replaces }),
    at: open.at,
    done_at: doneAt,
    ...expiry,
  };
}

/** Whether a stored turn has an answer, complete or not. Only then it replaces other turns. */
export function hasReply({ status, answer }: { readonly status?: unknown; readonly answer?: unknown }): boolean {
  return status === 'stopped' ? Boolean(answer) : status !== 'failed';
}

/** Whether an item is a turn item, and not a continuation or a tombstone. */
export function isTurnItem(item: Item): boolean {
  return isTurnKey(item) && !isTombstone(item);
}

/** The messages of an ended turn: the user's, and the assistant's if the turn has a reply. */
export function toMessages(item: TurnItem, continuations: readonly ContinuationItem[]): Message[] {
  const userMessage: Message = { id: toIds(item).user, role: 'user', content: item.prompt, ...toCreatedAt(item.at) };
  if (item.status === 'failed') return [{ ...userMessage, status: 'failed' }];
  const assistantMessage = toAssistantMessage(item, continuations);
  if (item.status === 'stopped' && assistantMessage.content === '') return [{ ...userMessage, status: 'stopped' }];
  return [userMessage, assistantMessage];
}

/** The assistant's message of an ended turn that has a reply. It is partial if a piece of it is missing. */
export function toAssistantMessage(item: TurnItem, continuations: readonly ContinuationItem[]): Message {
  const { text, isWhole } = joinReply(item, continuations);
  const status = item.status === 'done' && !isWhole ? 'partial' : item.status;
  return {
    id: toIds(item).assistant,
    role: 'assistant',
    content: text,
    ...toCreatedAt(item.done_at),
    ...(status !== 'done' && { status }),
    ...(item.citations && item.citations.length > 0 && { citations: item.citations }),
    ...toUsage(item),
  };
}

function toIds(item: TurnItem): TurnIds {
  return toTurnIds(item.id, parseTurnNumber(item));
}

function toCreatedAt(createdAt: string | undefined): { createdAt?: string } {
  return createdAt === undefined ? {} : { createdAt };
}

/** The tokens that an item has, if the agent has counted them. */
export function toTokenUsage(stored: TurnItem['usage']): TokenUsage | undefined {
  return stored && { inputTokens: stored.in, outputTokens: stored.out };
}

function toUsage(item: TurnItem): { usage?: TokenUsage } {
  const usage = toTokenUsage(item.usage);
  return usage ? { usage } : {};
}

/** The message of the turn that holds the chat: pending, or as its recovery will keep it if its lease has expired. */
export function toOpenMessages(chatId: string, number: number, open: OpenTurn): Message[] {
  const { user: id } = toTurnIds(chatId, number);
  const deadStatus = open.stop ? 'stopped' : 'failed';
  const status = isLeaseLive(open) ? 'pending' : deadStatus;
  return [{ id, role: 'user', content: open.prompt, createdAt: open.at, status }];
}
