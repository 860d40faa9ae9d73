import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { itemsOf, originalChat, putItem, setAttribute } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import { done, TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/dynamodb/dynamodb.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';

const LARGE = 'x'.repeat(700_000);
/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

describe('DynamoChatDeletion', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');

  it('takes a chat out of every answer, and finds nothing a second time', async () => {
    const { chat } = await alice.turn('one', (await alice.turn('zero')).chat.id);
    await store.deletion.delete('alice', chat.id);
    await expect(store.history.getNewest('alice', chat.id, 10)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(store.deletion.delete('alice', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('goes on where an interrupted one has stopped', async () => {
    const { chat } = await alice.turn('one');
    await setAttribute(store, headKey('alice', chat.id), 'deleted_at', new Date().toISOString());
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await store.deletion.delete('alice', chat.id);
    const [, turn] = await itemsOf(store, chat.id);
    expect(turn).not.toHaveProperty('prompt');
  });

  it('keeps the places of messages that were on their way to an item of their own, also when it goes on', async () => {
    await putItem(store, originalChat('moving', [{ role: 'user', content: 'x'.repeat(395_000) }]));
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { commands: ['PutItemCommand'] });
    await expect(alice.begin('y'.repeat(20_000), 'moving')).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
    await expect(store.deletion.delete('alice', 'moving')).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    await store.deletion.delete('alice', 'moving');
    await store.faults.deliverRest();
    expect((await itemsOf(store, 'moving')).filter((item) => !item['deleted_at'])).toEqual([]);
  });

  it('goes on where an interrupted one has stopped, in a chat whose time is not known', async () => {
    const { updated_at: _, ...chat } = originalChat('timeless', [{ role: 'user', content: 'long ago' }]);
    await putItem(store, chat);
    store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
    await expect(store.deletion.delete('alice', 'timeless')).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    await store.deletion.delete('alice', 'timeless');
  });

  it('is refused while a turn runs', async () => {
    const running = await alice.begin('one');
    await expect(store.deletion.delete('alice', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
    await alice.end(running);
  });

  it('leaves nothing of an answer that comes while its chat is deleted', async () => {
    const { chat } = await alice.turn('one');
    const late = await alice.beginLongAgo('two', chat.id);
    store.faults.inject({ type: 'delay', milliseconds: 1000 }, { commands: ['BatchWriteItemCommand'], times: 1 });
    const seen = store.faults.calls.length;
    const deleting = store.deletion.delete('alice', chat.id);
    while (!store.faults.calls.slice(seen).some(({ command }) => command === 'BatchWriteItemCommand')) {
      await new Promise((resume) => setTimeout(resume, 5));
    }
    // In time or not is the same: the chat is gone, and so is the answer.
    await store.chats.complete('alice', late, done(LARGE)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ChatNotFoundError);
    });
    await deleting;
    const items = await itemsOf(store, chat.id);
    expect(items.filter((item) => !('deleted_at' in item))).toEqual([]);
  });

  describe('a key whose chat was deleted so long ago that DynamoDB has begun to remove its tombstones', () => {
    /** The chat of a turn that died, deleted: its head is removed, and what is left of the turn has expired. */
    async function removedHead(key: string): Promise<string> {
      const { chat } = await alice.beginLongAgo('one', undefined, key);
      await store.deletion.delete('alice', chat.id);
      for (const item of await itemsOf(store, chat.id)) await setAttribute(store, item, 'expires_at', LONG_AGO);
      const head = { TableName: store.environment.DYNAMODB_TABLE, Key: headKey('alice', chat.id) };
      await store.table.send(new DeleteCommand(head));
      expect(await itemsOf(store, chat.id)).toHaveLength(6);
      return chat.id;
    }

    it('opens a chat whose answers are kept, also large ones', async () => {
      const chatId = await removedHead('answered');
      await alice.end(await alice.begin('again', undefined, 'answered'), done(LARGE));
      expect(await alice.turnsOf(chatId)).toEqual([['again', LARGE]]);
      expect(await alice.attempt('again', undefined, 'answered')).toMatchObject({ message: { content: LARGE } });
    });

    it('opens a chat whose turns may die', async () => {
      const chatId = await removedHead('died');
      const dead = await alice.beginLongAgo('again', undefined, 'died');
      await alice.turn('next', chatId);
      expect(await alice.turnsOf(chatId)).toEqual([['again:failed'], ['next', 're next']]);
      await alice.end(dead, done(LARGE));
      expect(await alice.turnsOf(chatId)).toEqual([
        ['again', LARGE],
        ['next', 're next'],
      ]);
    });

    it('opens a chat that can be deleted, and refuses late answers then', async () => {
      const chatId = await removedHead('deleted');
      const late = await alice.beginLongAgo('again', undefined, 'deleted');
      await store.deletion.delete('alice', chatId);
      await expect(alice.end(late, done(LARGE))).rejects.toBeInstanceOf(ChatNotFoundError);
      for (const item of await itemsOf(store, chatId)) expect(item['expires_at']).toBeGreaterThan(Date.now() / 1000);
    });
  });
});
