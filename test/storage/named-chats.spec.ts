import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import type { Replacement, RunningTurn } from '../../src/chat/model/turn.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { readHead, readItems, removeItem, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { failed, TurnRunner } from '../support/turn-runner.js';

describe('a chat whose id the user has chosen', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');
  const bob = new TurnRunner(store, 'bob');

  interface Named {
    readonly key?: string;
    readonly runner?: TurnRunner;
    readonly replacement?: Replacement;
  }
  const begin = (prompt: string, chatId: string, { key, runner = alice, replacement }: Named = {}) =>
    runner.send({ prompt, chatId, key, isNamed: true, replacement }) as Promise<RunningTurn>;
  const turn = async (prompt: string, chatId: string, named: Named = {}) =>
    (named.runner ?? alice).end(await begin(prompt, chatId, named));
  const said = (...prompts: string[]) => prompts.map((prompt) => [prompt, `re ${prompt}`]);

  it('is opened with its title, and continued', async () => {
    const chatId = randomUUID();
    const one = await turn('one', chatId);
    expect(one).toMatchObject({ number: 1, chat: { id: chatId, title: 'one' }, session: { isNew: true } });
    const two = await turn('two', chatId);
    expect(two).toMatchObject({ number: 2, chat: { title: 'one' }, session: { isNew: false } });
    expect(await alice.readTurns(chatId)).toEqual(said('one', 'two'));
    await alice.turn('three', chatId);
    expect(await alice.readTurns(chatId)).toEqual(said('one', 'two', 'three'));
  });

  it('is of its user alone', async () => {
    const chatId = randomUUID();
    await turn('one', chatId);
    await expect(bob.begin('two', chatId)).rejects.toThrow(ChatNotFoundError);
    await turn('other', chatId, { runner: bob });
    expect(await alice.readTurns(chatId)).toEqual(said('one'));
    expect(await bob.readTurns(chatId)).toEqual(said('other'));
  });

  it('is not opened by other requests', async () => {
    const chatId = randomUUID();
    await expect(alice.begin('one', chatId)).rejects.toThrow(ChatNotFoundError);
    expect(await readItems(store, chatId)).toEqual([]);
  });

  it('is opened once by two turns at the same time', async () => {
    const chatId = randomUUID();
    const results = await Promise.allSettled([begin('one', chatId), begin('two', chatId)]);
    const [begun, refused] = results.toSorted((one) => (one.status === 'fulfilled' ? -1 : 1));
    expect(refused).toMatchObject({ reason: expect.any(TurnInProgressError) });
    await alice.end((begun as PromiseFulfilledResult<RunningTurn>).value);
    expect(await alice.readTurns(chatId)).toHaveLength(1);
  });

  it.each([
    { kind: 'after', numbers: [] },
    { kind: 'after', numbers: [3, 1] },
  ] as const)('is opened by a turn that would replace others: %o', async (replacement) => {
    const chatId = randomUUID();
    const one = await turn('one', chatId, { replacement });
    expect(one.replaces).toBeUndefined();
    await turn('new', chatId, { replacement: { kind: 'after', numbers: [] } });
    expect(await alice.readTurns(chatId)).toEqual(said('new'));
  });

  it.each([undefined, 'key'])('is not found after it was deleted: key %s', async (key) => {
    const chatId = randomUUID();
    await turn('one', chatId);
    await store.deletion.delete('alice', chatId);
    await expect(begin('two', chatId, key === undefined ? {} : { key })).rejects.toThrow(ChatNotFoundError);
    expect(await readHead(store, chatId)).toHaveProperty('deleted_at');
    // DynamoDB removes tombstones after a day.
    for (const item of await readItems(store, chatId)) await removeItem(store, item);
    await turn('new', chatId);
    expect(await alice.readTurns(chatId)).toEqual(said('new'));
  });

  it('is not found while turns are left of a chat that has lost its head', async () => {
    const chatId = randomUUID();
    await turn('one', chatId);
    await removeItem(store, headKey('alice', chatId));
    await expect(begin('two', chatId)).rejects.toThrow(ChatNotFoundError);
    expect(await readHead(store, chatId)).toBeUndefined();
  });

  it('is not found after it has expired', async () => {
    const chatId = randomUUID();
    await turn('one', chatId);
    await setOnHead(store, chatId, { expires_at: 1 });
    await expect(begin('two', chatId)).rejects.toThrow(ChatNotFoundError);
  });

  describe('with a key', () => {
    it('is opened by the key, and replays its turn', async () => {
      const chatId = randomUUID();
      await turn('one', chatId, { key: 'key' });
      expect(await begin('one', chatId, { key: 'key' })).toMatchObject({ message: { content: 're one' } });
      await expect(begin('two', chatId, { key: 'key' })).rejects.toThrow(IdempotencyKeyReusedError);
    });

    it('does not take turn 1 for the turn of a key', async () => {
      const chatId = randomUUID();
      await turn('one', chatId);
      await turn('two', chatId, { key: 'key' });
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'two'));
    });

    it('runs again after the first turn failed', async () => {
      const chatId = randomUUID();
      await alice.end(await begin('one', chatId, { key: 'key' }), failed);
      await turn('one', chatId, { key: 'key' });
      expect(await alice.readTurns(chatId)).toEqual([['one:failed'], ...said('one')]);
    });
  });

  it.each([undefined, 'key'])('can be opened after a begin that was called off: key %s', async (key) => {
    const chatId = randomUUID();
    const named = key === undefined ? {} : { key };
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['begin'] });
    await expect(begin('one', chatId, named)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await sleep(100);
    expect(await readItems(store, chatId)).toEqual([]);
    await turn('one', chatId, named);
    await store.faults.deliverRest();
    expect(await alice.readTurns(chatId)).toEqual(said('one'));
  });

  it('stays free if the responses of the begin that opened it are lost', async () => {
    const chatId = randomUUID();
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], skip: 1, times: 2 });
    await expect(begin('one', chatId)).rejects.toThrow(StorageUnavailableError);
    store.faults.clear();
    await sleep(200);
    await turn('two', chatId);
    expect((await alice.readTurns(chatId)).at(-1)).toEqual(['two', 're two']);
  });
});
