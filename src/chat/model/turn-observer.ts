import type { ChatSummary } from './chat.js';

/**
 * Whoever wants to see a turn while it runs. The turn does not wait for what these do, so they are quick, and they
 * throw nothing.
 */
export interface TurnObserver {
  /**
   * The turn has begun: its prompt is durable.
   *
   * @param messageId - names the answer that is to come.
   */
  onStart(chat: ChatSummary, messageId: string): void;

  /** The answer has become longer by this text, which is whole characters. All of them together are the stored answer. */
  onText(text: string): void;
}
