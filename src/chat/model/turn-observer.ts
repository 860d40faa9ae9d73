import type { ChatSummary } from './chat.js';
import type { ReplyText } from './reply-text.js';
import type { TurnIds } from './turn-ids.js';

/** Sees a turn while it runs. The turn does not wait for these methods, so they must be fast and must not throw. */
export interface TurnObserver {
  /** Aborts once its reader has left. The turn then forgets the observer. */
  readonly left: AbortSignal;

  /**
   * The turn has begun, and its prompt is stored. An observer that comes later gets this first, too.
   *
   * @param text - the reply so far, which grows until it is the stored reply. The observer reads it at its own pace.
   */
  onStart(chat: ChatSummary, ids: TurnIds, text: ReplyText): void;

  /** The text of the reply has grown. */
  onText(): void;
}
