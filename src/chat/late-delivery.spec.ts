import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatStore, startChatStore } from '../../test/support/chat-store.js';
import { setAttribute } from '../../test/support/chat-items.js';
import { type StorageFault, startStorageFaults, type StorageFaults } from '../../test/support/storage-faults.js';
import type { Turn } from './chat.js';
import { ChatNotFoundError, StorageUnavailableError, TurnInProgressError } from './chat.errors.js';
import { headKey } from './head-item.js';

/** More turns than the head remembers keys. */
const MANY = 20;
const soon = () => Date.now() + 25_000;

describe('a write that arrives late, after the SDK has tried again', () => {
  let store: ChatStore;
  let faults: StorageFaults;
  beforeAll(async () => {
    store = await startChatStore();
    faults = await startStorageFaults(store.client);
  });
  afterEach(() => faults.clear());
  afterAll(async () => {
    faults.close();
    await store.close();
  });

  const begin = async (prompt: string, chatId?: string, key?: string): Promise<Turn> =>
    (await store.chats.begin('alice', { chatId, key, prompt, deadline: soon() })) as Turn;

  async function end(turn: Turn): Promise<string> {
    const outcome = { status: 'done' as const, answer: `re ${turn.prompt}`, citations: [] };
    const { number } = await store.chats.complete('alice', turn, outcome);
    await store.chats.release('alice', turn, number, true);
    return turn.chat.id;
  }

  const turn = async (prompt: string, chatId?: string, key?: string) => end(await begin(prompt, chatId, key));

  async function promptsOf(chatId: string): Promise<string[]> {
    const { history } = await store.history.newest('alice', chatId, 1000);
    return history.turns.map(({ messages }) => `${messages[0]?.content}${messages[1] ? '' : ' unanswered'}`);
  }

  /** Delivers what is late, and says how many of it were let in. */
  async function deliverLate(): Promise<number> {
    const before = faults.repeated.length;
    await faults.deliverRest();
    const late = faults.repeated.slice(before);
    expect(late.length).toBeGreaterThan(0);
    return late.filter(({ isRefused }) => !isRefused).length;
  }

  it.each([undefined, 'key'])(
    'is no turn when the begin was refused because a turn was running: key %s',
    async (key) => {
      const chatId = await turn('one');
      const running = await begin('two', chatId);
      faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
      await expect(begin('three', chatId, key)).rejects.toThrow(TurnInProgressError);
      await end(running);
      expect(await deliverLate()).toBe(0);
      expect(await promptsOf(chatId)).toEqual(['one', 'two']);
      await turn('three', chatId, key);
      expect(await promptsOf(chatId)).toEqual(['one', 'two', 'three']);
    },
  );

  it('is let go when it arrives before the refused begin has left its mark, and clocks differ', async () => {
    const chatId = await turn('one');
    const running = await begin('two', chatId);
    faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    async function endByClockBehind(): Promise<void> {
      await end(running);
      await setAttribute(store, headKey('alice', chatId), 'updated_at', running.at);
      expect(await deliverLate()).toBe(1);
    }
    let ended: Promise<void> | undefined;
    const whileMarkIsUnderWay = (): StorageFault => {
      ended = endByClockBehind();
      return { type: 'delay', milliseconds: 500 };
    };
    faults.inject(whileMarkIsUnderWay, { steps: ['recover'], times: 1 });
    await expect(begin('three', chatId)).rejects.toThrow(TurnInProgressError);
    await ended;
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    await turn('four', chatId);
    expect(await promptsOf(chatId)).toEqual(['one', 'two', 'four']);
  });

  it('does not keep a turn out whose clock is behind', async () => {
    const chatId = await turn('one');
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await setAttribute(store, headKey('alice', chatId), 'updated_at', ahead);
    const second = await begin('two', chatId);
    await end(second);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    const { chat } = await store.history.newest('alice', chatId, 10);
    expect(Date.parse(chat.updatedAt)).toBe(Date.parse(ahead) + 1);
  });

  it.each([undefined, 'key'])('is no turn when the begin was given up as unavailable: key %s', async (key) => {
    const chatId = await turn('one');
    faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'] });
    await expect(begin('two', chatId, key)).rejects.toThrow(StorageUnavailableError);
    faults.clear();
    // It is called off in the background.
    await new Promise((resume) => setTimeout(resume, 100));
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one']);
    await turn('two', chatId, key);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
  });

  it('is no turn when so many others came between that its key is forgotten', async () => {
    const chatId = await turn('one');
    faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    await turn('two', chatId, 'key');
    for (let number = 3; number <= MANY; number += 1) await turn(`turn ${number}`, chatId);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toHaveLength(MANY);
  });

  it('does not delete the chat when the delete was refused because a turn was running', async () => {
    const chatId = await turn('one');
    faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['delete'], times: 1 });
    // The turn begins between the two attempts.
    let running: Promise<Turn> | undefined;
    faults.inject(
      () => {
        running = begin('two', chatId);
        return { type: 'delay', milliseconds: 300 };
      },
      { steps: ['delete'], times: 1 },
    );
    await expect(store.chats.delete('alice', chatId)).rejects.toThrow(TurnInProgressError);
    await end(await running!);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
  });

  it('does not delete a chat that has gone on after a delete that was given up as unavailable', async () => {
    const chatId = await turn('one');
    faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['delete'] });
    await expect(store.chats.delete('alice', chatId)).rejects.toThrow(StorageUnavailableError);
    faults.clear();
    await turn('two', chatId);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    await store.chats.delete('alice', chatId);
    await expect(promptsOf(chatId)).rejects.toThrow(ChatNotFoundError);
  });
});
