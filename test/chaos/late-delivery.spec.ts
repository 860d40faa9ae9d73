import { describe, expect, it } from '@jest/globals';
import { headOf, itemsOf, originalChat, putItem, setAttribute } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import type { StorageFault } from '../support/storage-faults.js';
import { done, TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/dynamodb/dynamodb.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';

/** More turns than the head remembers keys. */
const MANY = 20;

describe('a write that arrives late, after the SDK has tried again', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');

  /** The prompts of a chat's turns; one without an answer is no bare prompt. */
  async function promptsOf(chatId: string): Promise<(string | undefined)[]> {
    return (await alice.turnsOf(chatId)).map(([prompt]) => prompt);
  }

  /** The newest turn has ended by another clock. */
  async function setTimes(chatId: string, time: string): Promise<void> {
    for (const name of ['ended_at', 'updated_at']) await setAttribute(store, headKey('alice', chatId), name, time);
  }

  /** The chat is as older versions of this service, or the original system, have left it. */
  async function forgetEnd(chatId: string): Promise<void> {
    const { ended_at: _, ...head } = (await headOf(store, chatId))!;
    await putItem(store, head);
  }

  /** Delivers what is late, and says how many of it were let in. */
  async function deliverLate(): Promise<number> {
    const before = store.faults.repeated.length;
    await store.faults.deliverRest();
    const late = store.faults.repeated.slice(before);
    expect(late.length).toBeGreaterThan(0);
    return late.filter(({ isRefused }) => !isRefused).length;
  }

  it.each([undefined, 'key'])(
    'is no turn when the begin was refused because a turn was running, whatever the clocks say: key %s',
    async (key) => {
      const chatId = (await alice.turn('one')).chat.id;
      for (let number = 2; number <= MANY; number += 1) await alice.turn('more', chatId);
      const running = await alice.begin('two', chatId);
      store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
      await expect(alice.begin('three', chatId, key)).rejects.toThrow(TurnInProgressError);
      await alice.end(running);
      // Another turn ends, which forgets old keys, and by a clock that is behind.
      await alice.turn('four', chatId);
      await setTimes(chatId, running.at);
      expect(await deliverLate()).toBe(0);
      expect((await promptsOf(chatId)).slice(-2)).toEqual(['two', 'four']);
      await alice.turn('three', chatId, key);
      expect((await promptsOf(chatId)).slice(-2)).toEqual(['four', 'three']);
    },
  );

  it('is let go when it arrives before the refused begin has left its mark, and clocks differ', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const running = await alice.begin('two', chatId);
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    async function endByClockBehind(): Promise<void> {
      await alice.end(running);
      await setTimes(chatId, running.at);
      expect(await deliverLate()).toBe(1);
    }
    let ended: Promise<void> | undefined;
    const whileMarkIsUnderWay = (): StorageFault => {
      ended = endByClockBehind();
      return { type: 'delay', milliseconds: 500 };
    };
    store.faults.inject(whileMarkIsUnderWay, { steps: ['recover'], times: 1 });
    await expect(alice.begin('three', chatId)).rejects.toThrow(TurnInProgressError);
    await ended;
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    await alice.turn('four', chatId);
    expect(await promptsOf(chatId)).toEqual(['one', 'two', 'four']);
  });

  it('does not keep a turn out whose clock is behind', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await setTimes(chatId, ahead);
    const second = await alice.begin('two', chatId);
    await alice.end(second);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(Date.parse(chat.updatedAt)).toBe(Date.parse(ahead) + 1);
  });

  it.each([undefined, 'key'])('is no turn when the begin was given up as unavailable: key %s', async (key) => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'] });
    await expect(alice.begin('two', chatId, key)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    // It is called off in the background.
    await new Promise((resume) => setTimeout(resume, 100));
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one']);
    await alice.turn('two', chatId, key);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
  });

  it.each([0, 700])(
    'is no turn when what had kept it out was called off, and the begin came %i ms after that had been given up',
    async (milliseconds) => {
      const chatId = (await alice.turn('one')).chat.id;
      // A turn begins that nobody hears of. What calls it off is slow: first the mark, then what lets the chat go.
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
      store.faults.inject({ type: 'delay', milliseconds: 500 }, { steps: ['recover'] });
      await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
      await new Promise((resume) => setTimeout(resume, milliseconds));
      store.faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
      await expect(alice.begin('three', chatId)).rejects.toThrow(TurnInProgressError);
      await new Promise((resume) => setTimeout(resume, 1200 - milliseconds));
      expect(await headOf(store, chatId)).not.toHaveProperty('open');
      expect(await deliverLate()).toBe(0);
      expect(await promptsOf(chatId)).toEqual(['one']);
      await alice.turn('four', chatId);
      expect(await promptsOf(chatId)).toEqual(['one', 'four']);
    },
  );

  it('is late by the time of a chat whose clock is ahead, also after a begin was called off there', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await setTimes(chatId, ahead);
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2, skip: 1 });
    await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
    const head = await headWithout(chatId, 'open');
    expect(String(head['ended_at']) > ahead).toBe(true);
  });

  it('shows no time of a called-off begin', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
    await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
    await headWithout(chatId, 'open');
    await alice.turn('three', chatId);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(Date.parse(chat.updatedAt)).toBeLessThanOrEqual(Date.now());
  });

  /** The head, once what goes on in the background has taken an attribute from it. */
  async function headWithout(chatId: string, name: string) {
    for (let looks = 0; looks < 200; looks += 1) {
      const head = await headOf(store, chatId);
      if (head && !(name in head)) return head;
      await new Promise((resume) => setTimeout(resume, 20));
    }
    throw new Error(`The head still has ${name}`);
  }

  it('opens no chat when the begin was given up as unavailable', async () => {
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'] });
    const before = store.faults.calls.length;
    await expect(alice.begin('one')).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await new Promise((resume) => setTimeout(resume, 100));
    expect(await deliverLate()).toBe(0);
    await expect(promptsOf(store.faults.calls[before]!.chatId)).rejects.toThrow(ChatNotFoundError);
  });

  it('is no turn after a dead turn whose clock was ahead, when its key is forgotten', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 600_000).toISOString();
    store.faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    await alice.beginLongAgo('two', chatId);
    await setAttribute(store, headKey('alice', chatId), 'open.at', ahead);
    await alice.turn('three', chatId);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(chat.updatedAt > ahead).toBe(true);
    await store.faults.deliverRest();
  });

  it('leaves nothing of an answer in a chat that was deleted meanwhile', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const dead = await alice.beginLongAgo('two', chatId);
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['complete'] });
    await expect(alice.end(dead, done('x'.repeat(1_000_000)))).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await store.deletion.delete('alice', chatId);
    expect(await deliverLate()).toBe(0);
    expect((await itemsOf(store, chatId)).filter((item) => !item['deleted_at'])).toEqual([]);
  });

  it('leaves no messages of the original system in a chat that was deleted while they moved', async () => {
    await putItem(store, originalChat('moving', [{ role: 'user', content: 'x'.repeat(395_000) }]));
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { commands: ['PutItemCommand'] });
    await expect(alice.begin('y'.repeat(20_000), 'moving')).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await new Promise((resume) => setTimeout(resume, 100));
    await store.deletion.delete('alice', 'moving');
    expect(await deliverLate()).toBe(0);
    expect((await itemsOf(store, 'moving')).filter((item) => !item['deleted_at'])).toEqual([]);
  });

  it('is no turn when so many others came between that its key is forgotten', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    await alice.turn('two', chatId, 'key');
    for (let number = 3; number <= MANY; number += 1) await alice.turn(`turn ${number}`, chatId);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toHaveLength(MANY);
  });

  it('is no turn in a chat that older versions have left, when its key is forgotten', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['begin'], times: 1 });
    await alice.turn('two', chatId, 'key');
    for (let number = 3; number <= MANY; number += 1) await alice.turn(`turn ${number}`, chatId);
    await forgetEnd(chatId);
    expect(await deliverLate()).toBe(0);
    await alice.turn('last', chatId);
    expect(await promptsOf(chatId)).toHaveLength(MANY + 1);
  });

  it('does not delete the chat when the delete was refused because a turn was running', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['delete'], times: 1 });
    // The turn begins between the two attempts.
    let running: Promise<RunningTurn> | undefined;
    store.faults.inject(
      () => {
        running = alice.begin('two', chatId);
        return { type: 'delay', milliseconds: 300 };
      },
      { steps: ['delete'], times: 1 },
    );
    await expect(store.deletion.delete('alice', chatId)).rejects.toThrow(TurnInProgressError);
    await alice.end(await running!);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
  });

  it('does not delete a chat that has gone on after a delete that was given up as unavailable', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['delete'] });
    await expect(store.deletion.delete('alice', chatId)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await alice.turn('two', chatId);
    expect(await deliverLate()).toBe(0);
    expect(await promptsOf(chatId)).toEqual(['one', 'two']);
    await store.deletion.delete('alice', chatId);
    await expect(promptsOf(chatId)).rejects.toThrow(ChatNotFoundError);
  });
});
