import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { itemsOf, putItem, setAttribute } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import { done, failed, TurnRunner } from '../support/turn-runner.js';
import { IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/dynamodb/dynamodb.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';

const LARGE = 'x'.repeat(700_000);

describe('DynamoTurnRecovery', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');

  /** The original system puts its own item in the place of the head. */
  const resetHead = (chatId: string) =>
    putItem(store, { ...headKey('alice', chatId), title: 'one', messages: [{ role: 'user', content: 'zero' }] });

  describe('a key whose turn has ended', () => {
    it('replays while another turn runs, and is refused with another prompt', async () => {
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

    it('replays an answer whose turn was not released yet, and leaves the release to it', async () => {
      const one = await alice.begin('one', undefined, 'unreleased');
      await store.chats.complete('alice', one, done('yes'));
      expect(await alice.attempt('one', undefined, 'unreleased')).toMatchObject({
        chatId: one.chat.id,
        message: { content: 'yes' },
      });
      await store.chats.release('alice', one, { number: 1, isDone: true });
      expect((await alice.begin('two', one.chat.id)).session.isNew).toBe(false);
    });

    it('waits for another turn before it runs again', async () => {
      const { chat } = await alice.turn('one');
      await alice.end(await alice.begin('two', chat.id, 'again'), failed);
      const running = await alice.begin('three', chat.id);
      await expect(alice.attempt('two', chat.id, 'again')).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(running);
      expect((await alice.turn('two', chat.id, 'again')).number).toBe(4);
    });

    it('runs again if it was the first of a chat, failed, and forgotten after 16 turns', async () => {
      const { chat } = await alice.end(await alice.begin('one', undefined, 'forgotten'), failed);
      for (let number = 2; number <= 18; number += 1) await alice.turn(`turn ${number}`, chat.id);
      expect((await alice.turn('one', undefined, 'forgotten')).number).toBe(19);
      expect(await alice.attempt('one', undefined, 'forgotten')).toMatchObject({
        chatId: chat.id,
        message: { content: 're one' },
      });
    });

    it('runs again when its turn has expired, still in the table or removed', async () => {
      const { chat } = await alice.turn('one', undefined, 'expiring');
      const key = { id: chat.id, user_id: turnSortKey('alice', 1) };
      await setAttribute(store, key, 'expires_at', 1_000_000_000);
      expect((await alice.turn('one', undefined, 'expiring')).number).toBe(2);
      const second = { ...key, user_id: turnSortKey('alice', 2) };
      await store.table.send(new DeleteCommand({ TableName: store.environment.DYNAMODB_TABLE, Key: second }));
      expect((await alice.turn('one', undefined, 'expiring')).number).toBe(3);
    });
  });

  describe('a turn whose number is taken, because the original system has reset the head', () => {
    it('is kept when it dies, and stays one when it is answered late', async () => {
      const { chat } = await alice.turn('two', (await alice.turn('one')).chat.id);
      await resetHead(chat.id);
      const dead = await alice.beginLongAgo('three', chat.id, 'key');
      await alice.turn('four', chat.id);
      const before = [['zero'], ['one', 're one'], ['two', 're two']];
      expect(await alice.turnsOf(chat.id)).toEqual([...before, ['three:failed'], ['four', 're four']]);
      await alice.end(dead);
      expect(await alice.turnsOf(chat.id)).toEqual([...before, ['three', 're three'], ['four', 're four']]);
      expect(await alice.attempt('three', chat.id, 'key')).toMatchObject({
        chatId: chat.id,
        message: { content: 're three' },
      });
    });

    it('is found by its key', async () => {
      const { chat } = await alice.turn('two', (await alice.turn('one')).chat.id);
      await resetHead(chat.id);
      await alice.turn('three', chat.id, 'key');
      expect(await alice.attempt('three', chat.id, 'key')).toMatchObject({
        chatId: chat.id,
        message: { content: 're three' },
      });
    });

    it('leaves nothing at the number that was not its own', async () => {
      const { chat } = await alice.turn('one');
      await resetHead(chat.id);
      await alice.end(await alice.begin('two', chat.id), done(LARGE));
      expect(await alice.turnsOf(chat.id)).toEqual([['zero'], ['one', 're one'], ['two', LARGE]]);
      const left = (await itemsOf(store, chat.id)).filter(({ user_id: key }) => key.includes('T#000000000001#'));
      expect(left.every((item) => 'deleted_at' in item)).toBe(true);
    });

    it('harms no answer that has several items, nor loses its own', async () => {
      const { chat } = await alice.end(await alice.begin('one'), done(LARGE));
      await resetHead(chat.id);
      await alice.end(await alice.begin('two', chat.id), done(`${LARGE}2`));
      expect(await alice.turnsOf(chat.id)).toEqual([['zero'], ['one', LARGE], ['two', `${LARGE}2`]]);
    });
  });

  describe('a begin whose replies are lost', () => {
    const letGo = async (chatId: string) => {
      for (let wait = 0; wait < 200; wait += 1) {
        if ((await itemsOf(store, chatId)).every((item) => !('open' in item))) return;
        await new Promise((resume) => setTimeout(resume, 20));
      }
    };

    it('has begun if only the first was lost', async () => {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 1 });
      const { chat } = await alice.turn('one');
      expect(await alice.turnsOf(chat.id)).toEqual([['one', 're one']]);
    });

    it('is let go if no reply came', async () => {
      const { chat } = await alice.turn('one');
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.attempt('two', chat.id)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      await letGo(chat.id);
      expect(await alice.turnsOf(chat.id)).toEqual([['one', 're one']]);
      const three = await alice.turn('three', chat.id);
      expect(three.session.isNew).toBe(false);
      expect(await alice.turnsOf(chat.id)).toEqual([
        ['one', 're one'],
        ['three', 're three'],
      ]);
    });

    it('may be asked for again under its key', async () => {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.attempt('one', undefined, 'lost')).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      const chatId = store.faults.calls.at(-1)?.chatId ?? '';
      await letGo(chatId);
      expect((await alice.turn('one', undefined, 'lost')).chat.id).toBe(chatId);
      expect(await alice.turnsOf(chatId)).toEqual([['one', 're one']]);
    });

    it('leaves a chat under its key that the next prompt gives its title', async () => {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.attempt('one', undefined, 'untitled')).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      const chatId = store.faults.calls.at(-1)?.chatId ?? '';
      await letGo(chatId);
      const two = await alice.turn('two', undefined, 'untitled');
      expect(two.chat).toMatchObject({ id: chatId, title: 'two' });
      await alice.turn('three', chatId);
      expect((await store.history.getNewest('alice', chatId, 10)).chat.title).toBe('two');
    });

    it('leaves the title of a chat alone in which something was said', async () => {
      const { chat } = await alice.end(await alice.begin('one', undefined, 'titled'), failed);
      await setAttribute(store, headKey('alice', chat.id), 'title', 'A name of its own');
      expect((await alice.turn('one', undefined, 'titled')).chat.title).toBe('A name of its own');
    });

    it('leaves nothing but a tombstone of a new chat that nobody can ask for', async () => {
      store.faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(alice.attempt('one')).rejects.toBeInstanceOf(StorageUnavailableError);
      const chatId = store.faults.calls.at(-1)?.chatId ?? '';
      await letGo(chatId);
      expect((await itemsOf(store, chatId)).map((item) => Object.keys(item).toSorted())).toEqual([
        ['deleted_at', 'expires_at', 'id', 'user_id'],
      ]);
    });
  });
});
