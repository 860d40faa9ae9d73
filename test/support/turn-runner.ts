import type { Replay, StoredTurn, TurnOutcome } from '../../src/chat/model/chat.js';
import {
  hasBegun,
  type OnAbandoned,
  type RunningTurn,
  type Supersession,
  type TurnRequest,
} from '../../src/chat/model/turn.js';
import type { ChatStore } from './chat-store.js';

const MINUTE = 60_000;

export const done = (reply: string): TurnOutcome => ({ status: 'done', reply, citations: [] });
/** The end of a turn that was told to stop. */
export const stopped = (reply = ''): TurnOutcome => ({ status: 'stopped', reply, citations: [] });
/** An agent that remembers a session for ten minutes. */
export const MEMORY = { agent: 'agent', ownsUnnamedSessions: true, idleSeconds: 600 };
export const failed: TurnOutcome = { status: 'failed' };

/** The texts of each turn. A status follows the text, as in `Plan a weekend:pending`. */
export function toTexts(turns: readonly StoredTurn[]): string[][] {
  return turns.map(({ messages }) =>
    messages.map(({ content, status }) => [content, status].filter(Boolean).join(':')),
  );
}

/** What a begin does to the running turn. */
interface SupersedeOptions extends Partial<Supersession> {
  readonly key?: string;
  readonly onAbandoned?: OnAbandoned;
}

/** Runs the turns of a user on the storage alone, as the service does. The test chooses the replies. */
export class TurnRunner {
  constructor(
    private readonly store: Pick<ChatStore, 'chats' | 'history'>,
    private readonly user: string,
  ) {}

  /** Begins a turn, or finds the reply of an earlier turn with the same key. */
  attempt(prompt: string, chatId?: string, key?: string, lease?: string): Promise<RunningTurn | Replay> {
    return this.store.chats.begin(
      this.user,
      { chatId, key, prompt },
      { deadline: Date.now() + MINUTE, lease, memory: MEMORY },
    );
  }

  /** Begins a turn that stops the running one. By default it may stop every turn, and its process hears nothing. */
  async supersede(
    prompt: string,
    chatId: string,
    { key, mayStop = () => true, onStop = () => undefined, onAbandoned }: SupersedeOptions = {},
  ): Promise<RunningTurn> {
    const terms = { deadline: Date.now() + MINUTE, memory: MEMORY, supersession: { mayStop, onStop }, onAbandoned };
    return requireBegun(await this.store.chats.begin(this.user, { chatId, key, prompt }, terms));
  }

  /** Sends any request. By default its turn may take a minute. */
  send(
    request: Partial<TurnRequest> & Pick<TurnRequest, 'prompt'>,
    milliseconds = MINUTE,
  ): Promise<RunningTurn | Replay> {
    const terms = { deadline: Date.now() + milliseconds, memory: MEMORY };
    return this.store.chats.begin(this.user, { chatId: undefined, key: undefined, ...request }, terms);
  }

  /** Begins a turn that replaces the turn with this number and all after it. */
  async replace(prompt: string, chatId: string, number: number, key?: string): Promise<RunningTurn> {
    return requireBegun(await this.send({ prompt, chatId, key, replacement: { kind: 'from', number, role: 'user' } }));
  }

  /** Begins a turn whose key has no reply yet. */
  async begin(prompt: string, chatId?: string, key?: string, lease?: string): Promise<RunningTurn> {
    return requireBegun(await this.attempt(prompt, chatId, key, lease));
  }

  /** Begins a turn whose lease has already expired: its process is dead, or very late. */
  async beginLongAgo(prompt: string, chatId?: string, key?: string): Promise<RunningTurn> {
    return requireBegun(
      await this.store.chats.begin(
        this.user,
        { chatId, key, prompt },
        { deadline: Date.now() - MINUTE, memory: MEMORY },
      ),
    );
  }

  /** Stores the outcome of a turn and releases its chat. The default reply is `re <prompt>`. */
  async end(turn: RunningTurn, outcome = done(`re ${turn.prompt}`)): Promise<RunningTurn> {
    const { number, hasReply } = await this.store.chats.complete(this.user, turn, outcome);
    await this.store.chats.release(this.user, turn, {
      number,
      hasReply,
      rememberedBy: outcome.status === 'done' ? MEMORY.agent : undefined,
    });
    return turn;
  }

  /** Runs a whole turn. */
  async turn(prompt: string, chatId?: string, key?: string): Promise<RunningTurn> {
    return this.end(await this.begin(prompt, chatId, key));
  }

  /** Opens a chat with so many turns, at most five. Their prompts are `one`, `two` and so on. @returns its id. */
  async converse(turns: number): Promise<string> {
    const chatId = (await this.turn('one')).chat.id;
    for (const prompt of ['two', 'three', 'four', 'five'].slice(0, turns - 1)) await this.turn(prompt, chatId);
    return chatId;
  }

  /** The newest turns of a chat, up to 1.5 MB, as `toTexts` formats them. Throws if two messages have the same id. */
  async readTurns(chatId: string): Promise<string[][]> {
    const { turns } = (await this.store.history.getNewest(this.user, chatId, 10_000)).history;
    const ids = turns.flatMap(({ messages }) => messages.map(({ id }) => id));
    if (new Set(ids).size < ids.length) throw new Error(`Two messages have the same id: ${ids.join()}`);
    return toTexts(turns);
  }
}

function requireBegun(turn: RunningTurn | Replay): RunningTurn {
  if (!hasBegun(turn)) throw new Error('the turn was replayed');
  return turn;
}
