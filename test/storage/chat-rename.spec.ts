import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { originalChat, putItem, readHead, readRemains, removeItem, waitForRelease } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { FaultChoice } from '../support/storage-faults.js';
import { TurnRunner } from '../support/turn-runner.js';

const TITLE = 'x'.repeat(200);
/** A write that waits for so many calls waits for `deliverLate`. */
const LATER = { calls: 1000 };

describe('DynamoChatListRepository.rename', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  const rename = (chatId: string, title: string) => store.list.rename('alice', chatId, title);
  const readTitle = async (chatId: string) => (await store.history.getNewest('alice', chatId, 10)).chat.title;
  const open = async () => (await alice.turn('one')).chat.id;

  /** Does something right before a write. */
  function before(choice: FaultChoice, action: () => Promise<unknown>): void {
    store.faults.inject(() => ({ type: 'wait', until: action() }), { times: 1, ...choice });
  }

  /** Delivers the late writes. @returns whether each was refused. */
  async function deliverLate(): Promise<boolean[]> {
    const seen = store.faults.repeated.length;
    await store.faults.deliverRest();
    return store.faults.repeated.slice(seen).map(({ isRefused }) => isRefused);
  }

  it('succeeds for all of several requests at once, and the last one stands', async () => {
    const chatId = await open();
    const titles = ['a', 'b', 'c', 'd', 'e'];
    const renamed = await Promise.all(titles.map((title) => rename(chatId, title)));
    const title = await readTitle(chatId);
    expect(titles).toContain(title);
    expect(renamed.map((chat) => chat.title)).toContain(title);
  });

  it('keeps the title of a request that came in between as the later one', async () => {
    const chatId = await open();
    before({ steps: ['rename'] }, () => rename(chatId, 'later'));
    expect(await rename(chatId, 'sooner')).toMatchObject({ title: 'later' });
    expect(await readTitle(chatId)).toBe('later');
  });

  it('finds no chat that is deleted in between', async () => {
    const chatId = await open();
    before({ steps: ['rename'] }, () => store.deletion.delete('alice', chatId));
    await expect(rename(chatId, 'x')).rejects.toThrow(ChatNotFoundError);
    expect(await readRemains(store, chatId)).toEqual([]);
  });

  it('succeeds if the reply of the table is lost', async () => {
    const chatId = await open();
    store.faults.inject({ type: 'reply lost' }, { steps: ['rename'], times: 1 });
    expect(await rename(chatId, 'renamed')).toMatchObject({ title: 'renamed' });
  });

  it('does not touch a running turn, and the turn does not touch the title', async () => {
    const chatId = await open();
    const running = await alice.begin('two', chatId);
    const head = await readHead(store, chatId);
    await rename(chatId, 'renamed');
    expect(await readHead(store, chatId)).toEqual({ ...head, title: 'renamed', title_id: expect.any(String) });
    await alice.end(running);
    expect(await readTitle(chatId)).toBe('renamed');
    expect(await alice.readTurns(chatId)).toEqual([
      ['one', 're one'],
      ['two', 're two'],
    ]);
  });

  describe('and a first turn that runs again, because nothing is stored of it', () => {
    /** Begins a chat by a key, loses the replies of the table, and waits for the cancellation. @returns the chat's id. */
    async function loseBegin(key: string): Promise<string> {
      const seen = store.faults.calls.length;
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.begin('one', undefined, key)).rejects.toThrow(StorageUnavailableError);
      store.faults.clear();
      const { chatId } = store.faults.calls[seen]!;
      await waitForRelease(store, chatId);
      return chatId;
    }

    it('keeps the title of before', async () => {
      const chatId = await loseBegin('before');
      await rename(chatId, 'renamed');
      expect((await alice.turn('two', undefined, 'before')).chat).toMatchObject({ id: chatId, title: 'renamed' });
      expect(await readTitle(chatId)).toBe('renamed');
    });

    it('keeps the title that is set right before its write', async () => {
      const chatId = await loseBegin('between');
      // The first write is refused, because the chat exists.
      before({ steps: ['begin'], skip: 1 }, () => rename(chatId, 'renamed'));
      expect((await alice.turn('two', undefined, 'between')).chat).toMatchObject({ id: chatId, title: 'renamed' });
      expect(await readTitle(chatId)).toBe('renamed');
      expect(await alice.readTurns(chatId)).toEqual([['two', 're two']]);
    });
  });

  it('leaves only a tombstone of a chat whose begin is cancelled', async () => {
    const seen = store.faults.calls.length;
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
    before({ steps: ['recover'] }, () => rename(store.faults.calls[seen]!.chatId, 'renamed'));
    await expect(alice.begin('one')).rejects.toThrow(StorageUnavailableError);
    const { chatId } = store.faults.calls[seen]!;
    while ((await readHead(store, chatId))?.['deleted_at'] === undefined) await sleep(20);
    expect(store.faults.calls.slice(seen).map(({ step }) => step)).toContain('rename');
    expect(await readRemains(store, chatId)).toEqual([]);
  });

  describe('of a chat of the original system whose item is full', () => {
    const fullChat = (id: string) => originalChat(id, [{ role: 'user', content: 'x'.repeat(409_300) }]);

    it('makes room, and leaves the messages as they were', async () => {
      await putItem(store, fullChat('full'));
      expect(await rename('full', TITLE)).toMatchObject({ title: TITLE, updatedAt: '2024-05-01T10:05:00.654Z' });
      expect(await readTitle('full')).toBe(TITLE);
      expect(await alice.readTurns('full')).toEqual([['x'.repeat(409_300)]]);
    });

    it('is not undone by a turn that makes room at the same time', async () => {
      await putItem(store, fullChat('moved'));
      // The name of the item is the last write of a move.
      before({ steps: ['recover'], commands: ['UpdateItemCommand'] }, () => rename('moved', 'short'));
      await alice.turn('y'.repeat(20_000), 'moved');
      expect(await readTitle('moved')).toBe('short');
      expect((await alice.readTurns('moved')).flat()).toHaveLength(3);
    });
  });

  describe('delivered a second time, late', () => {
    it.each(['rename', 'turn', 'delete'] as const)('is refused after a %s', async (what) => {
      const chatId = await open();
      store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['rename'], times: 1 });
      await rename(chatId, 'sooner');
      if (what === 'rename') await rename(chatId, 'later');
      if (what === 'turn') await alice.turn('two', chatId);
      if (what === 'delete') await store.deletion.delete('alice', chatId);
      expect(await deliverLate()).toEqual([true]);
      if (what === 'delete') return expect(await readRemains(store, chatId)).toEqual([]);
      expect(await readTitle(chatId)).toBe(what === 'rename' ? 'later' : 'sooner');
    });

    it('undoes no other rename if it had failed as unavailable, and creates no chat', async () => {
      const chatId = await open();
      store.faults.inject({ type: 'late', after: LATER }, { steps: ['rename'] });
      await expect(rename(chatId, 'lost')).rejects.toThrow(StorageUnavailableError);
      store.faults.clear();
      await rename(chatId, 'later');
      expect(await deliverLate()).toEqual([true, true]);
      expect(await readTitle(chatId)).toBe('later');
    });

    it('creates no chat where DynamoDB has removed it meanwhile', async () => {
      const chatId = await open();
      store.faults.inject({ type: 'late', after: LATER }, { steps: ['rename'] });
      await expect(rename(chatId, 'lost')).rejects.toThrow(StorageUnavailableError);
      store.faults.clear();
      await removeItem(store, { id: chatId, user_id: 'alice' });
      expect(await deliverLate()).toEqual([true, true]);
      expect(await readHead(store, chatId)).toBeUndefined();
    });
  });
});
