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

/** A chat with the newest part of its history, oldest message first. */
export interface Chat extends ChatSummary {
  readonly messages: readonly Message[];
}

/** A chat as the table's head item has it. */
export interface StoredChat extends ChatSummary {
  /** Messages that the original system kept inside the item, oldest first. They stay there. */
  readonly inlineMessages: readonly Message[];
}

/** A turn that has begun: its number is given, its lease taken, its prompt durable. */
export interface Turn {
  readonly chat: StoredChat;
  /** 1 for the first turn of a chat; turns of one chat are ordered by it. */
  readonly number: number;
  /** Random and unique: proves that a later write belongs to this very run of the turn. */
  readonly lease: string;
  readonly prompt: string;
  /** When the turn began, ISO 8601 UTC. */
  readonly at: string;
  /** The generation of the agent's session that this turn goes on with, or opens. */
  readonly session: string;
  /** The attributes of keys that the chat no longer needs to remember once this turn has ended. */
  readonly staleKeys: readonly string[];
}

/** How a turn ended. `failed` has no answer. */
export type TurnOutcome =
  | { readonly status: 'done' | 'partial'; readonly answer: string; readonly citations: readonly Citation[] }
  | { readonly status: 'failed' };
