import type { StoredTurn, Replay, TurnOutcome } from '../../src/chat/model/chat.js';
import { hasBegun, type RunningTurn } from '../../src/chat/model/turn.js';
import type { ChatStore } from './chat-store.js';

export const done = (answer: string): TurnOutcome => ({ status: 'done', reply: answer, citations: [] });
export const failed: TurnOutcome = { status: 'failed' };

/** Each turn as its texts; one that is not complete has its status behind it, as in `Plan a weekend:pending`. */
export function textsOf(turns: readonly StoredTurn[]): string[][] {
  return turns.map(({ messages }) =>
    messages.map(({ content, status }) => [content, status].filter(Boolean).join(':')),
  );
}

/** Runs the turns of a user on the storage alone, as the service does, with answers of the test's choice. */
export class TurnRunner {
  constructor(
    private readonly store: ChatStore,
    private readonly user: string,
  ) {}

  /** Begins a turn, or gets the answer that was given under its key before. */
  attempt(prompt: string, chatId?: string, key?: string): Promise<RunningTurn | Replay> {
    return this.beginUntil(Date.now() + 60_000, prompt, chatId, key);
  }

  /** Begins a turn that has not been answered yet. */
  async begin(prompt: string, chatId?: string, key?: string): Promise<RunningTurn> {
    return notReplayed(await this.attempt(prompt, chatId, key));
  }

  /** Begins a turn with a deadline so long ago that its lease has run out too: who runs it is dead, or very late. */
  async beginLongAgo(prompt: string, chatId?: string, key?: string): Promise<RunningTurn> {
    return notReplayed(await this.beginUntil(Date.now() - 60_000, prompt, chatId, key));
  }

  /** Stores the outcome of a turn and releases its chat. Unless told otherwise the answer is `re` and the prompt. */
  async end(turn: RunningTurn, outcome = done(`re ${turn.prompt}`)): Promise<RunningTurn> {
    const { number } = await this.store.chats.complete(this.user, turn, outcome);
    await this.store.chats.release(this.user, turn, number, outcome.status === 'done');
    return turn;
  }

  /** A turn from its begin to its end. */
  async turn(prompt: string, chatId?: string, key?: string): Promise<RunningTurn> {
    return this.end(await this.begin(prompt, chatId, key));
  }

  /** The newest turns of a chat, up to 1.5 MB of them, as `textsOf` has them. */
  async turnsOf(chatId: string): Promise<string[][]> {
    return textsOf((await this.store.history.newest(this.user, chatId, 10_000)).history.turns);
  }

  private beginUntil(deadline: number, prompt: string, chatId?: string, key?: string): Promise<RunningTurn | Replay> {
    return this.store.chats.begin(this.user, { chatId, key, prompt }, deadline);
  }
}

function notReplayed(begun: RunningTurn | Replay): RunningTurn {
  if (!hasBegun(begun)) throw new Error('the turn was replayed');
  return begun;
}
