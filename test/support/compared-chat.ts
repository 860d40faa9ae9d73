import { expect } from '@jest/globals';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  ReplacedMessageNotFoundError,
  TurnInProgressError,
  TurnStoppedError,
  TurnSupersededError,
} from '../../src/chat/model/chat.errors.js';
import type { Replacement, RunningTurn } from '../../src/chat/model/turn.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { readItems, removeItem, setAttribute } from './chat-items.js';
import { ChatModel, type ModelOutcome, type ModelTurn, type Refusal } from './chat-model.js';
import type { ChatStore } from './chat-store.js';
import { MEMORY, toTexts } from './turn-runner.js';

/** The key that has opened the chat. It is sent without a chat id. */
export const OPENING_KEY = 'opening';
const REFUSALS: ReadonlySet<Refusal> = new Set(['not found', 'busy']);

/** How much a turn has to store. Only a stopped turn has nothing. */
export type Length = 'none' | 'short' | 'large';

/** How a turn begins. */
interface BeginStep {
  readonly otherPrompt?: boolean;
  readonly replacement?: Replacement | undefined;
  /** It stops the running turn, whose process is dead or hears of it. */
  readonly supersedes?: 'dead' | 'living';
}

/** A turn in the model and in the storage. */
interface Begun {
  readonly expected: ModelTurn;
  readonly actual: RunningTurn;
}

/** One chat in the storage and in the model. Every step is done in both. */
export class ComparedChat {
  readonly model = new ChatModel();
  private begun: Begun[] = [];
  /** All turns that have begun, also those that have ended. */
  private all: Begun[] = [];
  private completed: (Begun & {
    readonly number: number;
    readonly hasReply: boolean;
    readonly rememberedBy: string | undefined;
  })[] = [];
  private replies = 0;

  constructor(
    private readonly store: ChatStore,
    private readonly user: string,
    /** The id that the user has chosen. Without it, a key opens the chat. */
    private readonly namedId?: string,
  ) {
    this.chatId = namedId ?? '';
  }
  private chatId: string;

  /** The index of the newest turn, for `complete`. */
  get newest(): number {
    return this.begun.length - 1;
  }

  /** Begins a turn in both, or checks that both refuse or replay it. */
  async begin(key: string | undefined, options: BeginStep = {}): Promise<Begun | undefined> {
    const prompt = options.otherPrompt ? 'another' : `prompt of ${key ?? 'no key'}`;
    const isNamed = this.namedId !== undefined;
    const chatId = key === OPENING_KEY && !isNamed ? undefined : this.chatId;
    // A request without a chat has no turns to replace.
    const replacement = chatId === undefined ? undefined : options.replacement;
    let ending: Promise<unknown> | undefined;
    const onStop = () => {
      if (options.supersedes === 'living') ending = this.endStopped();
    };
    const supersession = options.supersedes && { mayStop: () => true, onStop };
    const terms = { deadline: Date.now() + 60_000, memory: MEMORY, supersession };
    const request = { chatId, key, prompt, isNamed, replacement };
    const actual = await this.refusalOr(this.store.chats.begin(this.user, request, terms));
    await ending;
    const expected = this.model.begin(prompt, key, { supersedes: options.supersedes !== undefined, replacement });
    if (typeof expected === 'string' || 'replay' in expected) {
      if (typeof expected === 'string') expect(actual).toBe(expected);
      else expect(actual).toMatchObject({ chatId: this.chatId, message: { content: expected.replay } });
      return undefined;
    }
    expect(actual).toHaveProperty('lease');
    const both = { expected, actual: actual as RunningTurn };
    expect(both.actual.replaces).toBe(expected.replaces);
    this.chatId = both.actual.chat.id;
    this.begun.push(both);
    this.all.push(both);
    return both;
  }

  async complete(which: number, outcomeStatus: TurnOutcome['status'], length: Length = 'short'): Promise<void> {
    const both = this.begun[which % Math.max(1, this.begun.length)];
    if (!both) return;
    this.begun = this.begun.filter((other) => other !== both);
    this.replies += 1;
    const isEmpty = length === 'none' && outcomeStatus === 'stopped';
    const text = length === 'large' ? `${this.replies} ${'漢字'.repeat(70_000)}` : `reply ${this.replies}`;
    const reply = isEmpty ? '' : text;
    const outcome: ModelOutcome = outcomeStatus === 'failed' ? { status: 'failed' } : { status: outcomeStatus, reply };
    const stored = { ...outcome, citations: [] } as TurnOutcome;
    const actual = await this.refusalOr(this.store.chats.complete(this.user, both.actual, stored));
    const refusal = this.model.complete(both.expected, outcome);
    if (refusal || typeof actual === 'string') return expect(actual).toBe(refusal);
    this.completed.push({
      ...both,
      number: actual.number,
      hasReply: actual.hasReply,
      rememberedBy: outcome.status === 'done' && !actual.isStopped ? MEMORY.agent : undefined,
    });
    expect(actual.isStopped).toBe(both.expected.status === 'stopped');
  }

  /** The running turn hears that it was stopped, and ends. */
  private async endStopped(): Promise<void> {
    const which = this.begun.findIndex(({ expected }) => expected === this.model.running);
    if (which === -1) return;
    await this.complete(which, 'stopped');
    await this.release(this.completed.length - 1);
  }

  async stop(): Promise<void> {
    const lease = await this.refusalOr(this.store.stops.stop(this.user, this.chatId));
    const actual = lease === undefined || REFUSALS.has(lease as Refusal) ? lease : 'told';
    const expected = this.model.stop();
    expect(actual).toBe(typeof expected === 'string' ? expected : expected ? 'told' : undefined);
  }

  /** Another process looks for the running turn, and reads a turn that it has found before. */
  async resume(which: number): Promise<void> {
    const { openTurns } = this.store;
    const live = this.all.find(({ expected }) => expected === this.model.live);
    expect((await openTurns.find(this.user, this.chatId))?.lease).toBe(live?.actual.lease);
    const both = this.all[which % Math.max(1, this.all.length)];
    if (!both) return;
    const { actual, expected } = both;
    const stored = await this.refusalOr(openTurns.findStored(this.user, actual, 0));
    expect(stored && typeof stored !== 'string' ? toTexts([stored])[0] : stored).toEqual(
      this.model.findStored(expected),
    );
    const isAtItsPlace = stored instanceof Object && stored.number === actual.number;
    const running = await openTurns.look(this.user, actual);
    expect(running !== undefined).toBe(this.model.isHeldBy(expected) && !isAtItsPlace);
  }

  async release(which: number): Promise<void> {
    const both = this.completed[which % Math.max(1, this.completed.length)];
    if (!both) return;
    this.completed = this.completed.filter((other) => other !== both);
    await this.store.chats.release(this.user, both.actual, both);
    this.model.release(both.expected);
  }

  /** The lease of the running turn expires. */
  async crash(): Promise<void> {
    await this.expire(() => this.setOnHead('open.until', Date.now() - 1));
  }

  /** The process of the running turn ends its lease. A write of the turn may still be under way. */
  async giveUp(): Promise<void> {
    await this.expire(({ actual }) => this.store.leases.end(this.user, actual));
  }

  private async expire(endLease: (begun: Begun) => Promise<void>): Promise<void> {
    const { running } = this.model;
    const both = this.begun.find(({ expected }) => expected === running);
    if (!running || !both) return;
    await endLease(both);
    running.isExpired = true;
  }

  async delete(stops: boolean): Promise<void> {
    const options = stops ? { onStop: () => undefined } : {};
    const actual = await this.refusalOr(this.store.deletion.delete(this.user, this.chatId, options));
    const expected = this.model.delete(stops);
    expect(typeof actual === 'string' && REFUSALS.has(actual) ? actual : undefined).toBe(expected);
  }

  /** A chat without a running turn expires. */
  async expireChat(): Promise<void> {
    if (this.model.isDeleted || this.model.isHeld) return;
    await this.store.faults.deliverRest();
    this.begun = [];
    this.completed = [];
    this.all = [];
    await this.setOnHead('expires_at', 1);
    this.model.expire();
  }

  /** DynamoDB removes what is left of a chat that was deleted or has expired. Late writes have arrived by then. */
  async forget(): Promise<void> {
    if (!this.model.isDeleted || this.namedId === undefined) return;
    await this.store.faults.deliverRest();
    this.begun = [];
    this.completed = [];
    this.all = [];
    for (const item of await readItems(this.store, this.chatId)) await removeItem(this.store, item);
    this.model.forget();
  }

  /** Puts a turn of the original system on the head. */
  async addLegacyTurn(prompt: string, reply: string): Promise<void> {
    const messages = [
      { role: 'user', content: prompt },
      { role: 'assistant', content: reply },
    ];
    await this.setOnHead('messages', messages);
    this.model.addLegacyTurn(prompt, reply);
  }

  async compare(): Promise<void> {
    const read = await this.refusalOr(this.store.history.getNewest(this.user, this.chatId, 1000));
    if (typeof read === 'string') return expect([read, this.model.isDeleted]).toEqual(['not found', true]);
    const expected = this.model.view();
    expect(toTexts(read.history.turns)).toEqual(expected);
    expect(read.history.hasOlder).toBe(false);
    // The same turns by pages of one turn each, from the end of the chat on.
    const pages: string[][] = [];
    for (let before = read.history.turns.at(-1)?.number; before !== undefined;) {
      const page = await this.store.history.getPage(this.user, this.chatId, { before, limit: 1 });
      pages.unshift(...toTexts(page.turns));
      before = page.hasOlder ? page.turns[0]?.number : undefined;
    }
    expect(pages).toEqual(expected.slice(0, -1));
  }

  async setOnHead(path: string, value: unknown): Promise<void> {
    await setAttribute(this.store, headKey(this.user, this.chatId), path, value);
  }

  private async refusalOr<T>(call: Promise<T>): Promise<T | Refusal> {
    return call.catch((error: unknown) => {
      if (error instanceof ChatNotFoundError) return 'not found';
      if (error instanceof TurnSupersededError) return 'superseded';
      if (error instanceof TurnInProgressError) return 'busy';
      if (error instanceof TurnStoppedError) return 'stopped';
      if (error instanceof ReplacedMessageNotFoundError) return 'message not found';
      if (error instanceof IdempotencyKeyReusedError) return 'key reused';
      throw error;
    });
  }
}
