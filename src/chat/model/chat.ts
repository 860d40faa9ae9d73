/** The source of a part of a reply. `start` and `end` are character offsets in the reply. */
export interface Citation {
  readonly title?: string;
  readonly uri?: string;
  readonly snippet?: string;
  readonly start?: number;
  readonly end?: number;
}

/** `failed`: the turn has no reply; `pending`: the turn is running; `partial`: the reply is incomplete. */
export type MessageStatus = 'failed' | 'pending' | 'partial';

/** A message of the history. A complete message has no status. */
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** ISO 8601 UTC with milliseconds; unknown for messages of the original system. */
  readonly createdAt?: string;
  readonly status?: MessageStatus;
  readonly citations?: readonly Citation[];
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
export interface Chat extends ChatSummary, MessagePage {}

/**
 * A turn of the history: a prompt, and a reply if there is one. Turns are numbered from 1. Turns of the original
 * system, which are inside the chat's item, have the numbers 0, -1, -2 and so on.
 */
export interface StoredTurn {
  readonly number: number;
  readonly messages: readonly Message[];
}

/** Turns, oldest first. */
export interface HistoryPage {
  readonly turns: readonly StoredTurn[];
  /** Whether the chat has turns before these. */
  readonly hasOlder: boolean;
}

/** The stored reply of an earlier turn with the same idempotency key and prompt. */
export interface Replay {
  readonly chatId: string;
  /** Number of the earlier turn. */
  readonly number: number;
  readonly message: Message;
}

/** The end of a turn. A failed turn has no reply. */
export type TurnOutcome =
  | { readonly status: 'done' | 'partial'; readonly reply: string; readonly citations: readonly Citation[] }
  | { readonly status: 'failed' };
