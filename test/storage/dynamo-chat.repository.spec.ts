import { describe, expect, it } from '@jest/globals';
import { headOf, itemsOf, putItem, setAttribute } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import { done, failed, TurnRunner } from '../support/turn-runner.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnSupersededError,
} from '../../src/chat/model/chat.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';

describe('DynamoChatRepository', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');
  const bob = new TurnRunner(store, 'bob');

  describe('a turn', () => {
    it('has a number from 1 and the session of the first', async () => {
      const one = await alice.turn('one');
      const two = await alice.turn('two', one.chat.id);
      expect([one.number, two.number]).toEqual([1, 2]);
      expect(one.session.isNew).toBe(true);
      expect(two.session).toEqual({ generation: one.session.generation, isNew: false });
      expect(two.chat).toMatchObject({ id: one.chat.id, userId: 'alice', title: 'one', createdAt: one.chat.createdAt });
    });

    it('has its prompt durable as soon as it has begun', async () => {
      const { chat } = await alice.begin('first words');
      expect(await alice.turnsOf(chat.id)).toEqual([['first words:pending']]);
    });

    it('refuses a second one while it runs', async () => {
      const running = await alice.begin('one');
      await expect(alice.begin('two', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(running);
      expect((await alice.begin('two', running.chat.id)).number).toBe(2);
    });

    it('opens a new session after one that was not done', async () => {
      const one = await alice.turn('one');
      const two = await alice.begin('two', one.chat.id);
      await alice.end(two, failed);
      const three = await alice.begin('three', one.chat.id);
      expect(three.session).toEqual({ generation: three.lease, isNew: true });
    });

    it('opens a new session when the old one has been idle for too long', async () => {
      const one = await alice.turn('one');
      const at = new Date(Date.now() - 595_000).toISOString();
      await setAttribute(store, headKey('alice', one.chat.id), 'session.at', at);
      expect((await alice.begin('two', one.chat.id)).session.isNew).toBe(true);
    });

    it('notes when it ended, and moves its chat up unless it has just opened it', async () => {
      const one = await alice.turn('one');
      const opened = await headOf(store, one.chat.id);
      expect(opened).toMatchObject({ created_at: one.at, updated_at: one.at });
      expect((opened?.['ended_at'] as string) > one.at).toBe(true);
      await alice.turn('two', one.chat.id);
      const head = await headOf(store, one.chat.id);
      expect(head?.['updated_at']).toBe(head?.['ended_at']);
      expect((head?.['ended_at'] as string) > (opened?.['ended_at'] as string)).toBe(true);
    });

    it('leaves a head under 1 KB with the keys of the last 16', async () => {
      const { chat } = await alice.turn('turn 1');
      for (let number = 2; number <= 20; number += 1) await alice.turn(`turn ${number}`, chat.id);
      const head = await headOf(store, chat.id);
      expect(Object.keys(head ?? {}).filter((name) => name.startsWith('k_'))).toHaveLength(16);
      expect(Buffer.byteLength(JSON.stringify(head))).toBeLessThan(1024);
      expect(head).not.toHaveProperty('open');
    });
  });

  describe('a turn that died', () => {
    it('is failed with its prompt, and the chat goes on in a new session', async () => {
      const { chat } = await alice.beginLongAgo('one');
      expect(await alice.turnsOf(chat.id)).toEqual([['one:failed']]);
      expect((await alice.turn('two', chat.id)).session.isNew).toBe(true);
      expect(await alice.turnsOf(chat.id)).toEqual([['one:failed'], ['two', 're two']]);
    });

    it('takes the session of the turns before it along: the next one is new, and goes on', async () => {
      const one = await alice.turn('one');
      await alice.beginLongAgo('two', one.chat.id);
      const three = await alice.turn('three', one.chat.id);
      expect(three.session).toEqual({ generation: three.lease, isNew: true });
      expect((await alice.turn('four', one.chat.id)).session).toEqual({ generation: three.lease, isNew: false });
    });

    it('is done if it died before its release, and holds nobody up', async () => {
      const one = await alice.begin('one');
      await store.chats.complete('alice', one, done('yes'));
      expect(await alice.turnsOf(one.chat.id)).toEqual([['one', 'yes']]);
      await alice.turn('two', one.chat.id);
      expect(await alice.turnsOf(one.chat.id)).toEqual([
        ['one', 'yes'],
        ['two', 're two'],
      ]);
    });

    it('may still be answered late', async () => {
      const late = await alice.beginLongAgo('one');
      await alice.turn('two', late.chat.id);
      await alice.end(late, done('better late'));
      expect(await alice.turnsOf(late.chat.id)).toEqual([
        ['one', 'better late'],
        ['two', 're two'],
      ]);
    });

    it('may not be answered once its chat is deleted', async () => {
      const late = await alice.beginLongAgo('one');
      await store.deletion.delete('alice', late.chat.id);
      const answer = store.chats.complete('alice', late, done('x'.repeat(700_000)));
      await expect(answer).rejects.toBeInstanceOf(ChatNotFoundError);
      const items = await itemsOf(store, late.chat.id);
      expect(items.length).toBeGreaterThan(0);
      for (const left of items) {
        expect(Object.keys(left).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
      }
    });
  });

  describe('a key', () => {
    it('replays the answer of a turn that is done, in a chat and without one', async () => {
      const one = await alice.turn('one', undefined, 'key-1');
      const chatId = one.chat.id;
      expect(await alice.attempt('one', undefined, 'key-1')).toMatchObject({
        chatId,
        number: 1,
        message: { content: 're one' },
      });
      await alice.turn('two', chatId, 'key-2');
      expect(await alice.attempt('two', chatId, 'key-2')).toMatchObject({
        chatId,
        number: 2,
        message: { content: 're two' },
      });
      expect(await alice.turnsOf(chatId)).toHaveLength(2);
    });

    it('replays an answer that took several items', async () => {
      const response = '漢'.repeat(250_000);
      const one = await alice.end(await alice.begin('large', undefined, 'key-large'), done(response));
      const replay = await alice.attempt('large', undefined, 'key-large');
      expect(replay).toMatchObject({ chatId: one.chat.id, number: 1, message: { content: response } });
    });

    it('is of one user and one chat', async () => {
      const one = await alice.turn('one', undefined, 'same');
      const ofBob = await bob.attempt('one', undefined, 'same');
      expect(ofBob).toMatchObject({ number: 1 });
      expect(ofBob).not.toMatchObject({ chat: { id: one.chat.id } });
      expect((await alice.turn('two', one.chat.id, 'key of two')).number).toBe(2);
      expect((await alice.turn('two', (await alice.turn('other')).chat.id, 'key of two')).number).toBe(2);
    });

    it('is refused with another prompt, running or ended', async () => {
      const one = await alice.begin('one', undefined, 'key-other');
      const other = () => alice.attempt('another', undefined, 'key-other');
      await expect(other()).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
      await alice.end(one);
      await expect(other()).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
    });

    it('waits for its own turn', async () => {
      const one = await alice.begin('one', undefined, 'key-wait');
      const again = alice.attempt('one', undefined, 'key-wait');
      await expect(again).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(one);
    });

    it.each([failed, { status: 'partial', reply: 'half', citations: [] } as const])(
      'runs again after %o',
      async (outcome) => {
        const key = `key-again-${outcome.status}`;
        const one = await alice.begin('one', undefined, key);
        await alice.end(one, outcome);
        const again = await alice.begin('one', undefined, key);
        expect([again.chat.id, again.number]).toEqual([one.chat.id, 2]);
        await alice.end(again);
        expect(await alice.attempt('one', undefined, key)).toMatchObject({
          message: { content: 're one' },
        });
      },
    );

    it('runs again after a turn that died, whose late answer is refused then', async () => {
      const dead = await alice.beginLongAgo('one', undefined, 'key-dead');
      await alice.turn('one', undefined, 'key-dead');
      await expect(store.chats.complete('alice', dead, done('late'))).rejects.toBeInstanceOf(TurnSupersededError);
      expect(await alice.turnsOf(dead.chat.id)).toEqual([['one:failed'], ['one', 're one']]);
    });
  });

  describe('two users', () => {
    it('do not get at each other’s chats', async () => {
      const { chat } = await alice.turn('mine');
      for (const chatId of [chat.id, 'no-such-chat']) {
        await expect(bob.attempt('x', chatId)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.deletion.delete('bob', chatId)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.getNewest('bob', chatId, 100)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.getPage('bob', chatId, { before: 5, limit: 100 })).rejects.toBeInstanceOf(
          ChatNotFoundError,
        );
      }
      expect(await headOf(store, chat.id, 'bob')).toBeUndefined();
    });

    it('stay apart in chats with the same id', async () => {
      const { chat } = await alice.turn('of alice');
      const messages = [{ role: 'user', content: 'of bob' }];
      await putItem(store, { ...headKey('bob', chat.id), title: 'of bob', messages });
      await store.chats.complete('bob', await bob.begin('again bob', chat.id), done('yes'));
      expect(await alice.turnsOf(chat.id)).toEqual([['of alice', 're of alice']]);
      expect(await bob.turnsOf(chat.id)).toEqual([['of bob'], ['again bob', 'yes']]);
    });
  });

  it('gives a turn the next free number when the original system has reset the head', async () => {
    const { chat } = await alice.turn('two', (await alice.turn('one')).chat.id);
    await putItem(store, { ...headKey('alice', chat.id), title: 'one', messages: [{ role: 'user', content: 'zero' }] });
    await alice.turn('three', chat.id);
    await alice.turn('four', chat.id);
    expect(await alice.turnsOf(chat.id)).toEqual([
      ['zero'],
      ['one', 're one'],
      ['two', 're two'],
      ['three', 're three'],
      ['four', 're four'],
    ]);
  });
});
