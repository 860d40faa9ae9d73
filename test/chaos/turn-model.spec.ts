import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setAttribute } from '../support/chat-items.js';
import { ChatModel, type ModelOutcome, type ModelTurn, type Refusal } from '../support/chat-model.js';
import { type ChatStore, useChatStore } from '../support/chat-store.js';
import { MEMORY, toTexts } from '../support/turn-runner.js';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnSupersededError,
} from '../../src/chat/model/chat.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';

/** The key that has opened the chat. It is sent without a chat id. */
const OPENING_KEY = 'opening';

type Step =
  | { readonly do: 'begin' | 'turn'; readonly key: string | undefined; readonly otherPrompt: boolean }
  | {
      readonly do: 'complete';
      readonly which: number;
      readonly status: TurnOutcome['status'];
      readonly isLarge: boolean;
    }
  | { readonly do: 'release'; readonly which: number }
  | { readonly do: 'crash' | 'delete' };

const keys = fc.constantFrom(undefined, 'a', 'b', OPENING_KEY);
const status = fc.constantFrom('done', 'partial', 'failed' as const);
const rarely = (weight: number) => fc.integer({ min: 1, max: weight }).map((drawn) => drawn === 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin'), key: keys, otherPrompt: rarely(8) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn'), key: keys, otherPrompt: rarely(8) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('complete'), which: fc.nat(), status, isLarge: rarely(12) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release'), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete') }) },
) as fc.Arbitrary<Step>;

/** A turn dies and is repeated with its key. Then its first run completes while the second run is running. */
const KEY_TAKEN_THEN_LATE: Step[] = [
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'crash' },
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'complete', which: 0, status: 'done', isLarge: false },
  { do: 'complete', which: 0, status: 'done', isLarge: false },
  { do: 'release', which: 0 },
  { do: 'begin', key: 'a', otherPrompt: false },
];

/** A turn in the model and in the storage. */
interface Begun {
  readonly expected: ModelTurn;
  readonly actual: RunningTurn;
}

/** One chat in the storage and in the model. Every step is done in both. */
class ComparedChat {
  readonly model = new ChatModel();
  private chatId = '';
  private begun: Begun[] = [];
  private completed: (Begun & { readonly number: number; readonly rememberedBy: string | undefined })[] = [];
  private replies = 0;

  constructor(
    private readonly store: ChatStore,
    private readonly user: string,
  ) {}

  /** The index of the newest turn, for `complete`. */
  get newest(): number {
    return this.begun.length - 1;
  }

  /** Begins a turn in both, or checks that both refuse or replay it. */
  async begin(key: string | undefined, otherPrompt = false): Promise<Begun | undefined> {
    const prompt = otherPrompt ? 'another' : `prompt of ${key ?? 'no key'}`;
    const expected = this.model.begin(prompt, key);
    const chatId = key === OPENING_KEY ? undefined : this.chatId;
    const actual = await this.refusalOr(
      this.store.chats.begin(this.user, { chatId, key, prompt }, { deadline: Date.now() + 60_000, memory: MEMORY }),
    );
    if (typeof expected === 'string' || 'replay' in expected) {
      if (typeof expected === 'string') expect(actual).toBe(expected);
      else expect(actual).toMatchObject({ chatId: this.chatId, message: { content: expected.replay } });
      return undefined;
    }
    expect(actual).toHaveProperty('lease');
    const both = { expected, actual: actual as RunningTurn };
    this.chatId = both.actual.chat.id;
    this.begun.push(both);
    return both;
  }

  async complete(which: number, outcomeStatus: TurnOutcome['status'], isLarge = false): Promise<void> {
    const both = this.begun[which % Math.max(1, this.begun.length)];
    if (!both) return;
    this.begun = this.begun.filter((other) => other !== both);
    this.replies += 1;
    const reply = isLarge ? `${this.replies} ${'漢字'.repeat(70_000)}` : `reply ${this.replies}`;
    const outcome: ModelOutcome = outcomeStatus === 'failed' ? { status: 'failed' } : { status: outcomeStatus, reply };
    const stored = { ...outcome, citations: [] } as TurnOutcome;
    const actual = await this.refusalOr(this.store.chats.complete(this.user, both.actual, stored));
    const refusal = this.model.complete(both.expected, outcome);
    if (refusal || typeof actual === 'string') return expect(actual).toBe(refusal);
    this.completed.push({
      ...both,
      number: actual.number,
      rememberedBy: outcome.status === 'done' ? MEMORY.agent : undefined,
    });
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
    const { running } = this.model;
    const both = this.begun.find(({ expected }) => expected === running);
    if (!running || !both) return;
    await this.setOnHead('open.until', Date.now() - 1);
    running.isExpired = true;
  }

  async delete(): Promise<void> {
    const actual = await this.refusalOr(this.store.deletion.delete(this.user, this.chatId));
    const expected = this.model.delete();
    expect(typeof actual === 'string' && REFUSALS.has(actual) ? actual : undefined).toBe(expected);
  }

  async compare(legacy: readonly string[][] = []): Promise<void> {
    const read = await this.refusalOr(this.store.history.getNewest(this.user, this.chatId, 1000));
    if (typeof read === 'string') return expect([read, this.model.isDeleted]).toEqual(['not found', true]);
    expect(toTexts(read.history.turns)).toEqual([...legacy, ...this.model.view()]);
    expect(read.history.hasOlder).toBe(false);
  }

  async setOnHead(path: string, value: unknown): Promise<void> {
    await setAttribute(this.store, headKey(this.user, this.chatId), path, value);
  }

  private async refusalOr<T>(call: Promise<T>): Promise<T | Refusal> {
    return call.catch((error: unknown) => {
      if (error instanceof ChatNotFoundError) return 'not found';
      if (error instanceof TurnSupersededError) return 'superseded';
      if (error instanceof TurnInProgressError) return 'busy';
      if (error instanceof IdempotencyKeyReusedError) return 'key reused';
      throw error;
    });
  }
}

const REFUSALS: ReadonlySet<Refusal> = new Set(['not found', 'busy']);

async function doStep(chat: ComparedChat, next: Step): Promise<void> {
  switch (next.do) {
    case 'begin':
      await chat.begin(next.key, next.otherPrompt);
      return;
    case 'turn':
      if (!(await chat.begin(next.key, next.otherPrompt))) return;
      await chat.complete(chat.newest, 'done');
      return;
    case 'complete':
      return chat.complete(next.which, next.status, next.isLarge);
    case 'release':
      return chat.release(next.which);
    case 'crash':
      return chat.crash();
    case 'delete':
      return chat.delete();
  }
}

describe('any sequence of begin, complete, release, crash, repetition, late completion and delete', () => {
  const store = useChatStore();
  let chats = 0;

  it('gives the same chat as a model in memory', async () => {
    const sequence = fc.array(step, { minLength: 4, maxLength: 14, size: 'max' });
    await fc.assert(
      fc.asyncProperty(sequence, status, fc.boolean(), async (steps, first, hasLegacy) => {
        const chat = new ComparedChat(store, `user-${(chats += 1)}`);
        await chat.begin(OPENING_KEY);
        await chat.complete(0, first);
        await chat.release(0);
        const legacy = hasLegacy ? [['before', 'the move']] : [];
        if (hasLegacy) {
          const messages = [
            { role: 'user', content: 'before' },
            { role: 'assistant', content: 'the move' },
          ];
          await chat.setOnHead('messages', messages);
        }
        for (const next of steps) {
          await doStep(chat, next);
          await chat.compare(legacy);
        }
      }),
      { numRuns: 75, endOnFailure: false, examples: [[KEY_TAKEN_THEN_LATE, 'done', false]] },
    );
  }, 120_000);
});
