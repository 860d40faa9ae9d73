/** The source of a part of a reply. `start` and `end` are character offsets in the reply. */
export interface Citation {
  readonly title?: string;
  readonly uri?: string;
  readonly snippet?: string;
  readonly start?: number;
  readonly end?: number;
}

/**
 * `failed`: the turn has no reply; `pending`: the turn is running; `partial`: the reply is incomplete; `stopped`: a user has
 * stopped the turn.
 */
export type MessageStatus = 'failed' | 'pending' | 'partial' | 'stopped';

/** Why an agent ended a reply: it was finished, too long, filtered, or anything else. */
export type EndReason = 'stop' | 'length' | 'content-filter' | 'other';

/** The tokens of a reply, added up over all calls to models. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A message of the history. A complete message has no status. */
export interface Message {
  /** Unique in its chat; made by `turn-ids.ts`. */
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** ISO 8601 UTC with milliseconds; unknown for messages of the original system. */
  readonly createdAt?: string;
  readonly status?: MessageStatus;
  readonly citations?: readonly Citation[];
  /** For a reply of an agent that counts its tokens. */
  readonly usage?: TokenUsage;
}

/** A chat without its messages. Times are ISO 8601 UTC with milliseconds. */
export interface ChatSummary {
  readonly id: string;
  readonly userId: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A part of a chat's history, oldest message first. */
export interface MessagePage {
  readonly messages: readonly Message[];
  /** Number of the oldest turn on this page, if the chat has older turns. */
  readonly olderThan?: number;
}

/** A chat with the newest part of its history. */
export interface Chat extends ChatSummary, MessagePage {
  /** Whether a turn of the chat is running. */
  readonly isRunning: boolean;
}

/**
 * A turn of the history: a prompt, and a reply if there is one. Turns are numbered from 1. Turns of the original
 * system, which are inside the chat's item, have the numbers 0, -1, -2 and so on.
 */
export interface StoredTurn {
  readonly number: number;
  readonly messages: readonly Message[];
  /** Whether a filter ended the reply. */
  readonly isFiltered?: boolean;
}

/** Turns, oldest first. */
export interface HistoryPage {
  readonly turns: readonly StoredTurn[];
  /** Whether the chat has turns before these. */
  readonly hasOlder: boolean;
}

/** The stored reply of an earlier turn with the same idempotency key and prompt. The agent has ended it. */
export interface Replay {
  readonly chatId: string;
  /** Number of the earlier turn. */
  readonly number: number;
  readonly message: Message;
  readonly reason: EndReason;
}

/** The end of a turn. A failed turn has no reply. */
export type TurnOutcome = RepliedOutcome | { readonly status: 'failed'; readonly usage?: TokenUsage };

export interface RepliedOutcome {
  readonly status: 'done' | 'partial' | 'stopped';
  /** Empty only if the turn was stopped before its first word. */
  readonly reply: string;
  readonly citations: readonly Citation[];
  /** Absent if the agent did not end the reply itself: it was torn, stopped or cut. */
  readonly reason?: EndReason;
  readonly usage?: TokenUsage;
}

/** Whether the agent has ended the reply itself, so that it is the result of the turn. */
export function isEndedByAgent(outcome: TurnOutcome): outcome is RepliedOutcome & { readonly reason: EndReason } {
  return outcome.status !== 'failed' && outcome.reason !== undefined;
}
