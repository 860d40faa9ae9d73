import { DeleteCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatStore, startChatStore } from '../../test/support/chat-store.js';
import { startStorageFaults, type StorageFaults } from '../../test/support/storage-faults.js';
import type { Turn } from './chat.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  StorageUnavailableError,
  TurnInProgressError,
} from './chat.errors.js';
import { headKey } from './head-item.js';
import { turnSortKey } from './turn-item.js';

const soon = () => Date.now() + 25_000;
const longAgo = () => Date.now() - 60_000;
const done = (answer: string) => ({ status: 'done', answer, citations: [] }) as const;
const failed = { status: 'failed' } as const;
const LARGE = 'x'.repeat(700_000);

describe('DynamoTurnRecovery', () => {
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

  const attempt = (prompt: string, chatId?: string, key?: string, deadline = soon()) =>
    store.chats.begin('alice', { chatId, key, prompt, deadline });

  async function begin(...request: Parameters<typeof attempt>): Promise<Turn> {
    const turn = await attempt(...request);
    if ('answer' in turn) throw new Error('the turn was replayed');
    return turn;
  }

  async function end(turn: Turn, outcome: Parameters<typeof store.chats.complete>[2] = done(`re ${turn.prompt}`)) {
    const { number } = await store.chats.complete('alice', turn, outcome);
    await store.chats.release('alice', turn, number, outcome.status === 'done');
    return turn;
  }

  const turn = async (...request: Parameters<typeof attempt>) => end(await begin(...request));

  const turnsOf = async (chatId: string) => {
    const { history } = await store.history.newest('alice', chatId, 1000);
    return history.turns.map(({ messages }) =>
      messages.map(({ content, status }) => [content, status].filter(Boolean).join(':')),
    );
  };

  async function itemsOf(chatId: string): Promise<Record<string, unknown>[]> {
    const { Items: items = [] } = await store.table.send(
      new QueryCommand({
        TableName: store.tableName,
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': chatId },
        ConsistentRead: true,
      }),
    );
    return items;
  }

  /** The original system puts its own item in the place of the head. */
  async function resetHead(chatId: string): Promise<void> {
    const head = { ...headKey('alice', chatId), title: 'one', messages: [{ role: 'user', content: 'zero' }] };
    await store.table.send(new PutCommand({ TableName: store.tableName, Item: head }));
  }

  describe('a key whose turn has ended', () => {
    it('replays while another turn runs, and is refused with another prompt', async () => {
      const { chat } = await turn('one');
      await turn('two', chat.id, 'key');
      const running = await begin('three', chat.id);
      expect(await attempt('two', chat.id, 'key')).toMatchObject({ chatId: chat.id, answer: { content: 're two' } });
      await expect(attempt('other', chat.id, 'key')).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
      await end(running);
    });

    it('replays an answer whose turn was not released yet, and leaves the release to it', async () => {
      const one = await begin('one', undefined, 'unreleased');
      await store.chats.complete('alice', one, done('yes'));
      expect(await attempt('one', undefined, 'unreleased')).toMatchObject({
        chatId: one.chat.id,
        answer: { content: 'yes' },
      });
      await store.chats.release('alice', one, 1, true);
      expect((await begin('two', one.chat.id)).session.isNew).toBe(false);
    });

    it('waits for another turn before it runs again', async () => {
      const { chat } = await turn('one');
      await end(await begin('two', chat.id, 'again'), failed);
      const running = await begin('three', chat.id);
      await expect(attempt('two', chat.id, 'again')).rejects.toBeInstanceOf(TurnInProgressError);
      await end(running);
      expect((await turn('two', chat.id, 'again')).number).toBe(4);
    });

    it('runs again if it was the first of a chat, failed, and forgotten after 16 turns', async () => {
      const { chat } = await end(await begin('one', undefined, 'forgotten'), failed);
      for (let number = 2; number <= 18; number += 1) await turn(`turn ${number}`, chat.id);
      expect((await turn('one', undefined, 'forgotten')).number).toBe(19);
      expect(await attempt('one', undefined, 'forgotten')).toMatchObject({
        chatId: chat.id,
        answer: { content: 're one' },
      });
    });

    it('runs again when its turn has expired, still in the table or removed', async () => {
      const { chat } = await turn('one', undefined, 'expiring');
      const key = { id: chat.id, user_id: turnSortKey('alice', 1) };
      await store.table.send(
        new UpdateCommand({
          TableName: store.tableName,
          Key: key,
          UpdateExpression: 'SET expires_at = :past',
          ExpressionAttributeValues: { ':past': 1_000_000_000 },
        }),
      );
      expect((await turn('one', undefined, 'expiring')).number).toBe(2);
      await store.table.send(
        new DeleteCommand({ TableName: store.tableName, Key: { ...key, user_id: turnSortKey('alice', 2) } }),
      );
      expect((await turn('one', undefined, 'expiring')).number).toBe(3);
    });
  });

  describe('a turn whose number is taken, because the original system has reset the head', () => {
    it('is kept when it dies, and stays one when it is answered late', async () => {
      const { chat } = await turn('two', (await turn('one')).chat.id);
      await resetHead(chat.id);
      const dead = await begin('three', chat.id, 'key', longAgo());
      await turn('four', chat.id);
      const before = [['zero'], ['one', 're one'], ['two', 're two']];
      expect(await turnsOf(chat.id)).toEqual([...before, ['three:failed'], ['four', 're four']]);
      await end(dead);
      expect(await turnsOf(chat.id)).toEqual([...before, ['three', 're three'], ['four', 're four']]);
      expect(await attempt('three', chat.id, 'key')).toMatchObject({
        chatId: chat.id,
        answer: { content: 're three' },
      });
    });

    it('is found by its key', async () => {
      const { chat } = await turn('two', (await turn('one')).chat.id);
      await resetHead(chat.id);
      await turn('three', chat.id, 'key');
      expect(await attempt('three', chat.id, 'key')).toMatchObject({
        chatId: chat.id,
        answer: { content: 're three' },
      });
    });

    it('leaves nothing at the number that was not its own', async () => {
      const { chat } = await turn('one');
      await resetHead(chat.id);
      await end(await begin('two', chat.id), done(LARGE));
      expect(await turnsOf(chat.id)).toEqual([['zero'], ['one', 're one'], ['two', LARGE]]);
      const left = (await itemsOf(chat.id)).filter(({ user_id: key }) => String(key).includes('T#000000000001#'));
      expect(left.every((item) => 'deleted_at' in item)).toBe(true);
    });

    it('harms no answer that has several items, nor loses its own', async () => {
      const { chat } = await end(await begin('one'), done(LARGE));
      await resetHead(chat.id);
      await end(await begin('two', chat.id), done(`${LARGE}2`));
      expect(await turnsOf(chat.id)).toEqual([['zero'], ['one', LARGE], ['two', `${LARGE}2`]]);
    });
  });

  describe('a begin whose replies are lost', () => {
    const letGo = async (chatId: string) => {
      for (let wait = 0; wait < 200; wait += 1) {
        if ((await itemsOf(chatId)).every((item) => !('open' in item))) return;
        await new Promise((resume) => setTimeout(resume, 20));
      }
    };

    it('has begun if only the first was lost', async () => {
      faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 1 });
      const { chat } = await turn('one');
      expect(await turnsOf(chat.id)).toEqual([['one', 're one']]);
    });

    it('is let go if no reply came', async () => {
      const { chat } = await turn('one');
      faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(attempt('two', chat.id)).rejects.toBeInstanceOf(StorageUnavailableError);
      faults.clear();
      await letGo(chat.id);
      expect(await turnsOf(chat.id)).toEqual([['one', 're one']]);
      const three = await turn('three', chat.id);
      expect(three.session.isNew).toBe(false);
      expect(await turnsOf(chat.id)).toEqual([
        ['one', 're one'],
        ['three', 're three'],
      ]);
    });

    it('may be asked for again under its key', async () => {
      faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(attempt('one', undefined, 'lost')).rejects.toBeInstanceOf(StorageUnavailableError);
      faults.clear();
      const chatId = faults.calls.at(-1)?.chatId ?? '';
      await letGo(chatId);
      expect((await turn('one', undefined, 'lost')).chat.id).toBe(chatId);
      expect(await turnsOf(chatId)).toEqual([['one', 're one']]);
    });

    it('leaves nothing but a tombstone of a new chat that nobody can ask for', async () => {
      faults.inject({ type: 'reply lost' }, { steps: ['begin'] });
      await expect(attempt('one')).rejects.toBeInstanceOf(StorageUnavailableError);
      const chatId = faults.calls.at(-1)?.chatId ?? '';
      await letGo(chatId);
      expect((await itemsOf(chatId)).map((item) => Object.keys(item).toSorted())).toEqual([
        ['deleted_at', 'expires_at', 'id', 'user_id'],
      ]);
    });
  });

  it('leaves nothing of an answer that comes while its chat is deleted', async () => {
    const { chat } = await turn('one');
    const late = await begin('two', chat.id, undefined, longAgo());
    faults.inject({ type: 'delay', milliseconds: 1000 }, { commands: ['BatchWriteItemCommand'], times: 1 });
    const seen = faults.calls.length;
    const deleting = store.chats.delete('alice', chat.id);
    while (!faults.calls.slice(seen).some(({ command }) => command === 'BatchWriteItemCommand')) {
      await new Promise((resume) => setTimeout(resume, 5));
    }
    // In time or not is the same: the chat is gone, and so is the answer.
    await store.chats.complete('alice', late, done(LARGE)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ChatNotFoundError);
    });
    await deleting;
    const items = await itemsOf(chat.id);
    expect(items.filter((item) => !('deleted_at' in item))).toEqual([]);
  });
});
