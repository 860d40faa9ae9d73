import type { ChatSummary, Replay } from './chat.js';
import type { MessagePlace } from './turn-ids.js';

/**
 * Which turns a turn replaces once it has an answer:
 *
 * - `from`: the turn of this message and all turns after it. The message must be visible.
 * - `after`: all turns after the first of these turns that is visible; all turns if none of them is visible. Newest turn first.
 *   If no turn is after it, the turn replaces nothing. With `orOlder`, every turn that is older than these counts too.
 */
export type Replacement =
  | ({ readonly kind: 'from' } & MessagePlace)
  | { readonly kind: 'after'; readonly numbers: readonly number[]; readonly orOlder?: boolean };

/** What a caller asks for: one turn. */
export interface TurnRequest {
  readonly prompt: string;
  /** The chat to continue; undefined opens a new chat. */
  readonly chatId: string | undefined;
  /** Whether the turn opens the chat with this id if the user has and had none. Not by default. */
  readonly isNamed?: boolean;
  /** What the turn replaces; nothing by default. */
  readonly replacement?: Replacement | undefined;
  /** The caller's idempotency key. The same key again gets the same reply, and no second turn runs. */
  readonly key: string | undefined;
}

/** Messages as the original system or another program stored them, by attribute. They may have any form. */
export interface LegacyMessages {
  readonly messages?: unknown;
  readonly History?: unknown;
}

/** Turns by their numbers, both ends included. */
export interface TurnRange {
  readonly first: number;
  readonly last: number;
}

/** What the head of a chat says about its turns. */
export interface KnownTurns {
  /** The number of the newest turn; 0 if all turns are of the original system. */
  readonly newest: number;
  /** The lease of the turn that holds the chat. */
  readonly openLease: string | undefined;
  /** Turns that were replaced, oldest first. */
  readonly hidden: readonly TurnRange[];
}

/** A stored chat without the turns of this system. */
export interface StoredChat extends ChatSummary {
  /** For the storage alone: the messages in the chat's item, or the name of the item that they were moved to. */
  readonly legacy: LegacyMessages & { readonly itemName?: string | undefined };
  /** For the storage alone: its turns when its head was read. */
  readonly turns: KnownTurns;
}

/** The agent's session of a turn: the session of the turns before it, or a new one. */
export interface TurnSession {
  /** The lease of the turn that opened the session. It is never used again. */
  readonly generation: string;
  readonly isNew: boolean;
  /** ISO 8601 UTC: when the session was opened. */
  readonly since: string;
  /** Names of the user's attributes that the agent has in this session, the turn included. */
  readonly attributeNames: readonly string[];
}

/** What an agent remembers between the turns of a session. */
export interface AgentMemory {
  /** Names the agent: its kind and a hash of its resource. A session belongs to the agent it was held with. */
  readonly agent: string;
  /** Whether sessions that were stored without the name of an agent belong to this agent. */
  readonly ownsUnnamedSessions: boolean;
  /** Seconds without a turn after which the agent forgets a session; 0 for an agent that remembers nothing. */
  readonly idleSeconds: number;
  /** Greatest age of a session, in seconds; undefined is no limit. */
  readonly maxSeconds?: number | undefined;
}

/** What decides whether a turn continues the session of the turns before it. */
export interface SessionTerms {
  /** What the agent of the turn remembers. */
  readonly memory: AgentMemory;
  /**
   * Names of the user's attributes that the turn gives to the agent; none by default. A session keeps the attributes of its
   * earlier turns. So it is not continued if one of them is missing now.
   */
  readonly attributeNames?: readonly string[];
}

/** A session that is stored, and the agent it was held with. */
export interface StoredSession {
  readonly generation: string;
  /** {@link AgentMemory.agent}; undefined for a session that was stored without it. */
  readonly agent: string | undefined;
}

/**
 * A turn that has begun: it has its number and its lease, and its prompt is stored.
 * The service passes it back to the storage to complete and to release it.
 */
export interface RunningTurn {
  readonly chat: StoredChat;
  /** 1 for the first turn of a chat; turns of one chat are ordered by it. */
  readonly number: number;
  /** Random and unique. It proves that a later write belongs to this run of the turn. */
  readonly lease: string;
  readonly prompt: string;
  /** ISO 8601 UTC: when the turn began. */
  readonly at: string;
  /** The number of the first turn that it replaces, once it has an answer. The agent knows the turns before that one. */
  readonly replaces?: number | undefined;
  readonly session: TurnSession;
  /** Epoch milliseconds until which its end is stored, if the table is unavailable: the end of its lease, or earlier. */
  readonly storeUntil: number;
  /** For the storage alone. */
  readonly headAtBegin: HeadAtBegin;
}

/** What the storage needs to release a turn without reading the chat's head again. */
export interface HeadAtBegin {
  /** The latest time on the head when the turn began, or `''`. The turn ends after this time. */
  readonly lastTime: string;
  /** The head's attributes of idempotency keys that lead to this turn. */
  readonly keys: readonly string[];
  /** The head's attributes of idempotency keys that the release removes. */
  readonly staleKeys: readonly string[];
}

/** Gets the lease of a turn that is ended here, because its own process does not end it. It is called before the last write. */
export type OnAbandoned = (lease: string) => void;

/** Decides what becomes of a running turn when another turn of its chat begins. */
export interface Supersession {
  /** Whether the turn with this lease may be stopped for the new one. */
  readonly mayStop: (lease: string) => boolean;
  /** Called when the stop is stored, so that a turn of this process need not wait to read it. */
  readonly onStop: (lease: string) => void;
}

/** Whether begin has begun a turn. Otherwise it has found the reply of an earlier turn with the same key. */
export function hasBegun(begun: RunningTurn | Replay): begun is RunningTurn {
  return 'lease' in begun;
}
