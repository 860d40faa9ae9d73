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

/**
 * Where the ordinary replies of an emulated agent come from, instead of the emulated knowledge base. It yields the texts
 * as they come; none is empty.
 *
 * @param signal - aborts when the caller of the agent has left.
 * @throws AgentFault
 */
export type ReplySource = (conversation: Conversation, signal: AbortSignal) => AsyncIterable<string>;

/** The texts of the user, in order. */
export function listPrompts(messages: readonly ConversationMessage[]): string[] {
  return messages.filter(({ role }) => role === 'user').map(({ text }) => text);
}
