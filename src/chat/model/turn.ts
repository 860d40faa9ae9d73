import type { ChatSummary, Replay, StoredTurn } from './chat.js';

/** What a caller asks for: one turn. */
export interface TurnRequest {
  readonly prompt: string;
  /** The chat to continue; without it a new chat is opened. */
  readonly chatId: string | undefined;
  /** The caller's idempotency key: the same key again gets the same reply, and no second turn. */
  readonly key: string | undefined;
}

/** A chat as the table has it: what callers see of it, and where the original system has left its messages. */
export interface StoredChat extends ChatSummary {
  /** The turns that the original system kept inside the item, oldest first. */
  readonly inlineTurns: readonly StoredTurn[];
  /** Names the item that they have moved to, where the head had no room for them any more. */
  readonly inlineItem?: string;
}

/** The agent's session that a turn goes on with, or opens because there is none that would still remember. */
export interface TurnSession {
  /** The lease of the turn that opened it: it never comes back. */
  readonly generation: string;
  readonly isNew: boolean;
}

/**
 * A turn that has begun: its number is given, its lease taken, its prompt durable. Whoever runs it hands it back with
 * each of its later writes; what the storage alone has to remember of it is here for that.
 */
export interface RunningTurn {
  readonly chat: StoredChat;
  /** 1 for the first turn of a chat; turns of one chat are ordered by it. */
  readonly number: number;
  /** Random and unique: proves that a later write belongs to this very run of the turn. */
  readonly lease: string;
  readonly prompt: string;
  /** When the turn began, ISO 8601 UTC. */
  readonly at: string;
  readonly session: TurnSession;
  /** The latest time that the chat knew of when the turn began; its end comes after it. */
  readonly lastTime: string;
  /** The attributes of keys that lead to this turn. */
  readonly keys: readonly string[];
  /** The attributes of keys that the chat no longer needs to remember once this turn has ended. */
  readonly staleKeys: readonly string[];
}

/** Whether a begin has begun a turn; otherwise it found what an earlier one with the same key came to. */
export function hasBegun(begun: RunningTurn | Replay): begun is RunningTurn {
  return 'lease' in begun;
}
