import { describe, expect, it } from '@jest/globals';
import {
  leaveTurn,
  readItems,
  readRemains,
  removeItem,
  resetHead,
  setAttribute,
  setOnHead,
  waitForRelease,
} from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, MEMORY, TurnRunner } from '../support/turn-runner.js';
import { IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';

const LARGE = 'x'.repeat(601_000);

describe('DynamoTurnRecovery', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  describe('a key whose turn has ended', () => {
    it('replays its turn while another turn runs, and is refused with another prompt', async () => {
      const { chat } = await alice.turn('one');
      await alice.turn('two', chat.id, 'key');
      const running = await alice.begin('three', chat.id);
      expect(await alice.attempt('two', chat.id, 'key')).toMatchObject({
        chatId: chat.id,
        message: { content: 're two' },
      });
      await expect(alice.attempt('other', chat.id, 'key')).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
      await alice.end(running);
    });

    it('replays a turn that is not released yet, and leaves the release to it', async () => {
      const one = await alice.begin('one', undefined, 'unreleased');
      await store.chats.complete('alice', one, done('yes'));
      expect(await alice.attempt('one', undefined, 'unreleased')).toMatchObject({
        chatId: one.chat.id,
        message: { content: 'yes' },
      });
      await store.chats.release('alice', one, { number: 1, rememberedBy: MEMORY.agent });
      expect((await alice.begin('two', one.chat.id)).session.isNew).toBe(false);
    });

    it('is refused while another turn runs, and then runs its turn again', async () => {
      const { chat } = await alice.turn('one');
      await alice.end(await alice.begin('two', chat.id, 'again'), failed);
      const running = await alice.begin('three', chat.id);
      await expect(alice.attempt('two', chat.id, 'again')).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(running);
      expect((await alice.turn('two', chat.id, 'again')).number).toBe(4);
    });

    it('runs a failed first turn again after the head has forgotten the key', async () => {
      const { chat } = await alice.end(await alice.begin('one', undefined, 'forgotten'), failed);
      for (let number = 2; number <= 18; number += 1) await alice.turn(`turn ${number}`, chat.id);
      expect((await alice.turn('one', undefined, 'forgotten')).number).toBe(19);
      expect(await alice.attempt('one', undefined, 'forgotten')).toMatchObject({
        chatId: chat.id,
        message: { content: 're one' },
      });
    });

    it('runs its turn again if the turn has expired, in the table or removed', async () => {
      const { chat } = await alice.turn('one', undefined, 'expiring');
      const key = { id: chat.id, user_id: turnSortKey('alice', 1) };
      await setAttribute(store, key, 'expires_at', 1_000_000_000);
      expect((await alice.turn('one', undefined, 'expiring')).number).toBe(2);
      await removeItem(store, { ...key, user_id: turnSortKey('alice', 2) });
      expect((await alice.turn('one', undefined, 'expiring')).number).toBe(3);
    });
  });

  describe.each([
    ['after the original system has written over the head', resetHead, [['zero']], []],
    ['whose number is taken by a turn that did not get it', leaveTurn, [], [['left', 're left']]],
  ])('a turn %s', (_, disturb, oldest, newest) => {
    /** A chat of two turns, which is then disturbed. @returns its id, and its turns as `readTurns` has them. */
    async function disturbed(): Promise<{ id: string; before: string[][] }> {
      const { id } = (await alice.turn('two', (await alice.turn('one')).chat.id)).chat;
      await disturb(store, id, 3);
      return { id, before: [...oldest, ['one', 're one'], ['two', 're two'], ...newest] };
    }

    it('is kept as failed if it dies, and is the same turn when it is completed late', async () => {
      const { id, before } = await disturbed();
      const dead = await alice.beginLongAgo('three', id, 'key');
      await alice.turn('four', id);
      expect(await alice.readTurns(id)).toEqual([...before, ['three:failed'], ['four', 're four']]);
      await alice.end(dead);
      expect(await alice.readTurns(id)).toEqual([...before, ['three', 're three'], ['four', 're four']]);
      expect(await alice.attempt('three', id, 'key')).toMatchObject({ chatId: id, message: { content: 're three' } });
    });

    it('is found by its key', async () => {
      const { id } = await disturbed();
      await alice.turn('three', id, 'key');
      expect(await alice.attempt('three', id, 'key')).toMatchObject({ chatId: id, message: { content: 're three' } });
    });

    it('leaves nothing at another number', async () => {
      const { id, before } = await disturbed();
      await alice.end(await alice.begin('three', id), done(LARGE));
      expect(await alice.readTurns(id)).toEqual([...before, ['three', LARGE]]);
      const pieces = (await readItems(store, id)).filter((item) => 'text' in item);
      expect(pieces).toHaveLength(2);
      expect(new Set(pieces.map(({ user_id: key }) => key.slice(0, -'#001'.length))).size).toBe(1);
    });

    it('has messages with ids of their own', async () => {
      const { id } = await disturbed();
      await alice.turn('three', id);
      await alice.turn('four', id);
      const { turns } = (await store.history.getNewest('alice', id, 100)).history;
      const ids = turns.flatMap(({ messages }) => messages.map((message) => message.id));
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('changes no older reply with several items, and loses nothing of its own reply', async () => {
      const { chat } = await alice.end(await alice.begin('one'), done(LARGE));
      await disturb(store, chat.id, 2);
      await alice.end(await alice.begin('two', chat.id), done(`${LARGE}2`));
      expect(await alice.readTurns(chat.id)).toEqual([...oldest, ['one', LARGE], ...newest, ['two', `${LARGE}2`]]);
    });
  });

  it('is stored once, if its first delivery comes late, after the turn that had its number has expired', async () => {
    const { chat } = await alice.turn('one');
    await leaveTurn(store, chat.id, 2);
    const left = { id: chat.id, user_id: turnSortKey('alice', 2) };
    const soon = Math.floor(Date.now() / 1000) + 600;
    await setAttribute(store, left, 'expires_at', soon);
    const two = await alice.begin('two', chat.id);
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['complete'], times: 1 });
    await alice.end(two);
    const item = (await readItems(store, chat.id)).find(({ user_id: key }) => key === left.user_id);
    // DynamoDB removes what has expired.
    if (Number(item?.['expires_at']) <= soon) await removeItem(store, left);
    await store.faults.deliverRest();
    expect(store.faults.repeated.at(-1)).toMatchObject({ step: 'complete', isRefused: true });
    expect((await alice.readTurns(chat.id)).filter(([prompt]) => prompt === 'two')).toHaveLength(1);
  });

  it('takes the number of a turn that has expired, in the table or removed', async () => {
    const { chat } = await alice.turn('one', undefined, 'opens it again');
    await setAttribute(store, { id: chat.id, user_id: turnSortKey('alice', 1) }, 'expires_at', 1_000_000_000);
    await removeItem(store, { id: chat.id, user_id: 'alice' });
    const again = await alice.begin('one', undefined, 'opens it again');
    const { messages } = await store.chats.complete('alice', again, done('new'));
    expect([again.chat.id, again.number]).toEqual([chat.id, 1]);
    expect(messages.map(({ id }) => id)).toEqual([`${chat.id}:1:user`, `${chat.id}:1`]);
    expect(await alice.readTurns(chat.id)).toEqual([['one', 'new']]);
  });

  describe('a begin whose responses are lost', () => {
    /** Begins a turn of which no response arrives; it is cancelled in the background. @returns the chat's id. */
    async function loseBegin(prompt: string, chatId?: string, key?: string): Promise<string> {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.attempt(prompt, chatId, key)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      const opened = store.faults.calls.at(-1)?.chatId ?? '';
      await waitForRelease(store, opened);
      return opened;
    }

    it('has begun if only the first response was lost', async () => {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 1 });
      const { chat } = await alice.turn('one');
      expect(await alice.readTurns(chat.id)).toEqual([['one', 're one']]);
    });

    it('is cancelled if no response arrived', async () => {
      const { chat } = await alice.turn('one');
      await loseBegin('two', chat.id);
      expect(await alice.readTurns(chat.id)).toEqual([['one', 're one']]);
      const three = await alice.turn('three', chat.id);
      expect(three.session.isNew).toBe(false);
      expect(await alice.readTurns(chat.id)).toEqual([
        ['one', 're one'],
        ['three', 're three'],
      ]);
    });

    it('can be repeated with its key', async () => {
      const chatId = await loseBegin('one', undefined, 'lost');
      expect((await alice.turn('one', undefined, 'lost')).chat.id).toBe(chatId);
      expect(await alice.readTurns(chatId)).toEqual([['one', 're one']]);
    });

    it('leaves a chat that takes its title from the next prompt with the same key', async () => {
      const chatId = await loseBegin('one', undefined, 'untitled');
      const two = await alice.turn('two', undefined, 'untitled');
      expect(two.chat).toMatchObject({ id: chatId, title: 'two' });
      await alice.turn('three', chatId);
      expect((await store.history.getNewest('alice', chatId, 10)).chat.title).toBe('two');
    });

    it('keeps the title of a chat that has a turn', async () => {
      const { chat } = await alice.end(await alice.begin('one', undefined, 'titled'), failed);
      await setOnHead(store, chat.id, { title: 'A name of its own' });
      expect((await alice.turn('one', undefined, 'titled')).chat.title).toBe('A name of its own');
    });

    it('leaves only a tombstone of a new chat without a key', async () => {
      const chatId = await loseBegin('one');
      expect(await readItems(store, chatId)).toHaveLength(1);
      expect(await readRemains(store, chatId)).toEqual([]);
    });
  });
});
