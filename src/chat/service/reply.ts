import type { Chat, Citation, EndReason, TokenUsage } from '../model/chat.js';

/** The agent's reply, which it has ended itself, and the chat with this turn as its newest. */
export interface Reply {
  readonly text: string;
  /** Unique in this service. A replay has the same id. */
  readonly messageId: string;
  readonly citations: readonly Citation[];
  /** Why the agent ended the reply. */
  readonly reason: EndReason;
  readonly usage: TokenUsage | undefined;
  readonly chat: Chat;
  /** An earlier turn with the same Idempotency-Key got this reply. */
  readonly isReplay: boolean;
}

/** The id of the reply to one turn of a chat. */
export function toMessageId(chatId: string, turnNumber: number): string {
  return `${chatId}:${turnNumber}`;
}
