import { randomUUID } from 'node:crypto';
import { toKeyedChatId } from '../model/keyed-chat-id.js';
import type { OnAbandoned, Replacement, SessionTerms, Supersession, TurnRequest } from '../model/turn.js';
import type { TurnIds } from '../model/turn-ids.js';
import type { OpenTurn } from './items/head-item.js';
import { toOpenTurn } from './items/turn-lease.js';

/** A turn that begin tries to write. */
export interface TurnAttempt {
  readonly chatId: string;
  /** The turn opens the chat, unless an earlier turn with the same key has opened it. */
  readonly isNewChat: boolean;
  /** The turn opens the chat if there is none. The user has chosen its id. */
  readonly isNamed: boolean;
  /** What the turn replaces. */
  readonly replacement: Replacement | undefined;
  /** The caller's idempotency key, or the lease. */
  readonly key: string;
  readonly open: OpenTurn;
}

/** The lease that an attempt asks for. */
export interface AttemptLease {
  /** Epoch milliseconds by which the turn will have ended. */
  readonly deadline: number;
  /** The lease of the turn: random, and used once. Without it the turn gets a new one. */
  readonly lease?: string | undefined;
}

/** What a turn needs when its begin is written. */
export interface BeginOptions extends SessionTerms {
  /** Gets the ids of the turn as soon as it has begun, before anything else can fail. */
  readonly onTurn?: ((ids: TurnIds) => void) | undefined;
  /** Decides about a running turn that is in the way. Without it, begin is refused then. */
  readonly supersession?: Supersession | undefined;
  /** Called for a turn that this begin ends, whether or not it begins after that. */
  readonly onAbandoned?: OnAbandoned | undefined;
  /** If it aborts, a turn that has not begun does not begin, and one that has is ended. Its reason is the error. */
  readonly signal?: AbortSignal | undefined;
  /** Gets work that goes on after a begin has failed, so that the process does not end before. It never rejects. */
  readonly keep?: ((work: Promise<void>) => unknown) | undefined;
}

/** What a begin may do to a turn that is in its way. Its ids are told if it has the key of the request. */
export type TurnEnding = Pick<BeginOptions, 'supersession' | 'onAbandoned' | 'onTurn'>;

/** Gives a request the ids that it needs to begin. */
export function toTurnAttempt(
  userId: string,
  { chatId, key, prompt, isNamed = false, replacement }: TurnRequest,
  { deadline, lease }: AttemptLease,
): TurnAttempt {
  const open = toOpenTurn(prompt, deadline, lease);
  return {
    chatId: chatId ?? (key === undefined ? randomUUID() : toKeyedChatId(userId, key)),
    isNewChat: chatId === undefined,
    isNamed: isNamed && chatId !== undefined,
    // A new chat has no turns to replace.
    replacement: chatId === undefined ? undefined : replacement,
    // Every turn has a key, so that the head can refuse a late repetition of its begin.
    key: key ?? open.lease,
    open,
  };
}

/** Whether no later request can name the chat: it is new, and no key of the caller leads to it. */
export function isUnrepeatable({ isNewChat, key, open }: TurnAttempt): boolean {
  return isNewChat && key === open.lease;
}

/** Whether the caller's key leads to the chat, so that an earlier request may have opened it. */
export function isOpenedByKey(attempt: TurnAttempt): boolean {
  return attempt.isNewChat && !isUnrepeatable(attempt);
}

/** Whether an earlier turn with this prompt, which replaces turns from this number on, has made the same request. */
export function isSameRequest(
  { open, replacement }: TurnAttempt,
  { prompt, replaces }: { readonly prompt: string; readonly replaces?: number | undefined },
): boolean {
  if (prompt !== open.prompt) return false;
  // The history has changed since then, so the same request may lead to another number now.
  if (replacement?.kind === 'after') return true;
  return replaces === replacement?.number;
}
