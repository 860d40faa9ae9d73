import type { Chat, ChatSummary, Citation, EndReason, TokenUsage } from '../model/chat.js';
import type { TurnIds } from '../model/turn-ids.js';

/** The agent's reply, which it has ended itself, and the chat with this turn as its newest. */
export interface Reply {
  readonly text: string;
  /** A replay has the same ids. */
  readonly ids: TurnIds;
  readonly citations: readonly Citation[];
  /** Why the agent ended the reply. */
  readonly reason: EndReason;
  readonly usage: TokenUsage | undefined;
  readonly chat: Chat;
  /** An earlier turn with the same Idempotency-Key got this reply. */
  readonly isReplay: boolean;
}

/** A reply without the history of its chat, as streams need it. */
export type StreamedReply = Omit<Reply, 'chat'> & { readonly chat: ChatSummary };
