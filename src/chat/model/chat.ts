/** Where a part of an answer comes from. `start` and `end` are character offsets in the answer. */
export interface Citation {
  readonly title?: string;
  readonly uri?: string;
  readonly snippet?: string;
  readonly start?: number;
  readonly end?: number;
}

/** `failed`: no answer came; `pending`: the turn is still running; `partial`: only a part of the answer came. */
export type MessageStatus = 'failed' | 'pending' | 'partial';

/** One side of a turn as the caller sees it. A complete message has no status. */
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** ISO 8601 UTC with milliseconds; unknown for messages of the original system. */
  readonly createdAt?: string;
  readonly status?: MessageStatus;
  readonly citations?: readonly Citation[];
}

/** What is known of a chat without its messages. Times are ISO 8601 UTC with milliseconds. */
export interface ChatSummary {
  readonly id: string;
  readonly userId: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A part of a chat's history, oldest message first, and whether there are older ones. */
export interface MessagePage {
  readonly messages: readonly Message[];
  /** Leads to the page before this one; absent on the oldest. */
  readonly nextCursor?: string;
}

/** A chat with the newest part of its history. */
export interface Chat extends ChatSummary, MessagePage {}

/**
 * One turn of a history: a question, and an answer where there is one. Turns of this system are numbered from 1;
 * those that the original system kept inside the chat's item come before, as 0, -1, -2 and so on.
 */
export interface StoredTurn {
  readonly number: number;
  readonly messages: readonly Message[];
}

/** Turns in order, oldest first, and whether there are older ones. */
export interface HistoryPage {
  readonly turns: readonly StoredTurn[];
  readonly hasOlder: boolean;
}

/** The answer that a turn with the same key and prompt has given before. */
export interface Replay {
  readonly chatId: string;
  /** Of the turn that gave it. */
  readonly number: number;
  readonly message: Message;
}

/** How a turn ended. `failed` has no answer. */
export type TurnOutcome =
  | { readonly status: 'done' | 'partial'; readonly reply: string; readonly citations: readonly Citation[] }
  | { readonly status: 'failed' };
