import type { Chat, Citation } from '../model/chat.js';

/** The agent's complete reply, and the chat with this turn as its newest. */
export interface Reply {
  readonly text: string;
  /** Unique in this service. A replay has the same id. */
  readonly messageId: string;
  readonly citations: readonly Citation[];
  readonly chat: Chat;
  /** An earlier turn with the same Idempotency-Key got this reply. */
  readonly isReplay: boolean;
}

/** The id of the reply to one turn of a chat. */
export function toMessageId(chatId: string, turnNumber: number): string {
  return `${chatId}:${turnNumber}`;
}
