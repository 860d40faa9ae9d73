import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { readHead, originalChat, putItem, readRemains, setOnHead, waitForRelease } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { FaultChoice, StorageFault } from '../support/storage-faults.js';
import { done, TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';

/** More turns than the head remembers keys for. */
const MANY = 20;
/** A write that waits for so many calls waits for `deliverLate`. */
const LATER = { calls: 1000 };

describe('a late write, after the SDK has tried again', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** The prompts of a chat's turns. The prompt of a turn without a reply has a status behind it. */
  async function readPrompts(chatId: string): Promise<(string | undefined)[]> {
    return (await alice.readTurns(chatId)).map(([prompt]) => prompt);
  }

  /** Sets the end of the newest turn, as a server with another clock does. */
  const setEnd = (chatId: string, time: string) => setOnHead(store, chatId, { ended_at: time, updated_at: time });

  /** Removes what older versions of this service and the original system do not write. */
  async function forgetEnd(chatId: string): Promise<void> {
    const { ended_at: _, ...head } = (await readHead(store, chatId))!;
    await putItem(store, head);
  }

  /** Makes attempts of the SDK late: each sees a lost connection, and arrives when `deliverLate` is called. */
  const holdBack = (choice: FaultChoice) => store.faults.inject({ type: 'late', after: LATER }, choice);

  /** Begins a turn that fails as unavailable. Each of its writes arrives late. */
  async function failBegin(prompt: string, chatId?: string, key?: string): Promise<void> {
    holdBack({ steps: ['begin'] });
    await expect(alice.begin(prompt, chatId, key)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    // The attempt is cancelled in the background.
    await sleep(100);
  }

  /** Delivers the late writes. @returns how many of them were not refused. */
  async function deliverLate(): Promise<number> {
    const before = store.faults.repeated.length;
    await store.faults.deliverRest();
    const late = store.faults.repeated.slice(before);
    expect(late.length).toBeGreaterThan(0);
    return late.filter(({ isRefused }) => !isRefused).length;
  }

  it.each([undefined, 'key'])(
    'begins no turn if the begin was refused by a running turn, whatever the clocks say: key %s',
    async (key) => {
      const chatId = (await alice.turn('one')).chat.id;
      for (let number = 2; number <= MANY; number += 1) await alice.turn('more', chatId);
      const running = await alice.begin('two', chatId);
      holdBack({ steps: ['begin'], times: 1 });
      await expect(alice.begin('three', chatId, key)).rejects.toThrow(TurnInProgressError);
      await alice.end(running);
      // Another turn ends, which removes old keys, and its clock is behind.
      await alice.turn('four', chatId);
      await setEnd(chatId, running.at);
      expect(await deliverLate()).toBe(0);
      expect((await readPrompts(chatId)).slice(-2)).toEqual(['two', 'four']);
      await alice.turn('three', chatId, key);
      expect((await readPrompts(chatId)).slice(-2)).toEqual(['four', 'three']);
    },
  );

  it('is cancelled if it arrives before the refused begin has put its mark, and clocks differ', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const running = await alice.begin('two', chatId);
    holdBack({ steps: ['begin'], times: 1 });
    async function endByClockBehind(): Promise<void> {
      await alice.end(running);
      await setEnd(chatId, running.at);
      expect(await deliverLate()).toBe(1);
    }
    let ended: Promise<void> | undefined;
    const whileMarkIsDelayed = (): StorageFault => {
      ended = endByClockBehind();
      return { type: 'delay', milliseconds: 500 };
    };
    store.faults.inject(whileMarkIsDelayed, { steps: ['recover'], times: 1 });
    await expect(alice.begin('three', chatId)).rejects.toThrow(TurnInProgressError);
    await ended;
    expect(await readPrompts(chatId)).toEqual(['one', 'two']);
    await alice.turn('four', chatId);
    expect(await readPrompts(chatId)).toEqual(['one', 'two', 'four']);
  });

  it('does not make the table refuse a turn whose clock is behind', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await setEnd(chatId, ahead);
    const second = await alice.begin('two', chatId);
    await alice.end(second);
    expect(await readPrompts(chatId)).toEqual(['one', 'two']);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(Date.parse(chat.updatedAt)).toBe(Date.parse(ahead) + 1);
  });

  it.each([undefined, 'key'])('begins no turn if the begin failed as unavailable: key %s', async (key) => {
    const chatId = (await alice.turn('one')).chat.id;
    await failBegin('two', chatId, key);
    expect(await deliverLate()).toBe(0);
    expect(await readPrompts(chatId)).toEqual(['one']);
    await alice.turn('two', chatId, key);
    expect(await readPrompts(chatId)).toEqual(['one', 'two']);
  });

  it.each([0, 700])(
    'begins no turn if the attempt that blocked it was cancelled, %i ms after that attempt failed',
    async (milliseconds) => {
      const chatId = (await alice.turn('one')).chat.id;
      // A turn begins, and its responses are lost. Its cancellation is slow: first the mark, then the end.
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
      store.faults.inject({ type: 'delay', milliseconds: 500 }, { steps: ['recover'] });
      await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
      await sleep(milliseconds);
      store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['begin'], times: 1 });
      await expect(alice.begin('three', chatId)).rejects.toThrow(TurnInProgressError);
      await sleep(1200 - milliseconds);
      expect(await readHead(store, chatId)).not.toHaveProperty('open');
      expect(await deliverLate()).toBe(0);
      expect(await readPrompts(chatId)).toEqual(['one']);
      await alice.turn('four', chatId);
      expect(await readPrompts(chatId)).toEqual(['one', 'four']);
    },
  );

  it('is late by the time of a chat that is ahead, also after an attempt was cancelled', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 60_000).toISOString();
    await setEnd(chatId, ahead);
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2, skip: 1 });
    await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
    const head = await waitForRelease(store, chatId);
    expect(String(head['ended_at']) > ahead).toBe(true);
  });

  it('does not show the end of a cancelled attempt as the time of the chat', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
    await expect(alice.begin('two', chatId)).rejects.toThrow(StorageUnavailableError);
    await waitForRelease(store, chatId);
    await alice.turn('three', chatId);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(Date.parse(chat.updatedAt)).toBeLessThanOrEqual(Date.now());
  });

  it('opens no chat if the begin failed as unavailable', async () => {
    const before = store.faults.calls.length;
    await failBegin('one');
    expect(await deliverLate()).toBe(0);
    await expect(readPrompts(store.faults.calls[before]!.chatId)).rejects.toThrow(ChatNotFoundError);
  });

  it('finds a later time after a dead turn whose clock was ahead', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const ahead = new Date(Date.now() + 600_000).toISOString();
    store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['begin'], times: 1 });
    await alice.beginLongAgo('two', chatId);
    await setOnHead(store, chatId, { 'open.at': ahead });
    await alice.turn('three', chatId);
    const { chat } = await store.history.getNewest('alice', chatId, 10);
    expect(chat.updatedAt > ahead).toBe(true);
    await store.faults.deliverRest();
  });

  it('leaves nothing of a reply in a chat that was deleted meanwhile', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const dead = await alice.beginLongAgo('two', chatId);
    holdBack({ steps: ['complete'] });
    await expect(alice.end(dead, done('x'.repeat(1_000_000)))).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await store.deletion.delete('alice', chatId);
    expect(await deliverLate()).toBe(0);
    expect(await readRemains(store, chatId)).toEqual([]);
  });

  it('leaves no legacy messages in a chat that was deleted while they were moved', async () => {
    await putItem(store, originalChat('moving', [{ role: 'user', content: 'x'.repeat(395_000) }]));
    holdBack({ commands: ['PutItemCommand'] });
    await expect(alice.begin('y'.repeat(20_000), 'moving')).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await sleep(100);
    await store.deletion.delete('alice', 'moving');
    expect(await deliverLate()).toBe(0);
    expect(await readRemains(store, 'moving')).toEqual([]);
  });

  it('begins no turn after so many other turns that its key is forgotten', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['begin'], times: 1 });
    await alice.turn('two', chatId, 'key');
    for (let number = 3; number <= MANY; number += 1) await alice.turn(`turn ${number}`, chatId);
    expect(await deliverLate()).toBe(0);
    expect(await readPrompts(chatId)).toHaveLength(MANY);
  });

  it('begins no turn in a chat of an older version after its key is forgotten', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['begin'], times: 1 });
    await alice.turn('two', chatId, 'key');
    for (let number = 3; number <= MANY; number += 1) await alice.turn(`turn ${number}`, chatId);
    await forgetEnd(chatId);
    expect(await deliverLate()).toBe(0);
    await alice.turn('last', chatId);
    expect(await readPrompts(chatId)).toHaveLength(MANY + 1);
  });

  it('does not delete the chat if the delete was refused by a running turn', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    holdBack({ steps: ['delete'], times: 1 });
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
    expect(await readPrompts(chatId)).toEqual(['one', 'two']);
  });

  it('does not delete a chat that has continued after its delete failed as unavailable', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    holdBack({ steps: ['delete'] });
    await expect(store.deletion.delete('alice', chatId)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await alice.turn('two', chatId);
    expect(await deliverLate()).toBe(0);
    expect(await readPrompts(chatId)).toEqual(['one', 'two']);
    await store.deletion.delete('alice', chatId);
    await expect(readPrompts(chatId)).rejects.toThrow(ChatNotFoundError);
  });
});
