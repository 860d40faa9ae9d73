/** One message of a conversation. */
export interface ConversationMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** What an emulated agent knows when it replies. */
export interface Conversation {
  /** Oldest first. The last message is the prompt. */
  readonly messages: readonly ConversationMessage[];
  readonly systemPrompt?: string | undefined;
  readonly maxTokens?: number | undefined;
}

/** Tokens of a call to a model. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** How a reply ended. */
export interface ReplyEnd {
  /** As AWS names it, such as `end_turn`. */
  readonly stopReason: string;
  /** Absent if the source does not count. */
  readonly usage?: TokenCounts | undefined;
}

/**
 * Where the ordinary replies of an emulated agent come from, instead of the emulated knowledge base. It yields the texts
 * as they come, none of them empty, and then one end.
 *
 * @param signal - aborts when the caller of the agent has left.
 * @throws AgentFault
 */
export type ReplySource = (conversation: Conversation, signal: AbortSignal) => AsyncIterable<string | ReplyEnd>;

/** The texts of the user, in order. */
export function listPrompts(messages: readonly ConversationMessage[]): string[] {
  return messages.filter(({ role }) => role === 'user').map(({ text }) => text);
}
