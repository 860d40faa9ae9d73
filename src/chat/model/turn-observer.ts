import type { ChatSummary } from './chat.js';
import type { TurnIds } from './turn-ids.js';

/** Sees a turn while it runs. The turn does not wait for these methods, so they must be fast and must not throw. */
export interface TurnObserver {
  /** The turn has begun, and its prompt is stored. */
  onStart(chat: ChatSummary, ids: TurnIds): void;

  /**
   * The agent has added this text to the reply.
   *
   * @param text - whole characters. All texts together are the stored reply.
   */
  onText(text: string): void;
}
