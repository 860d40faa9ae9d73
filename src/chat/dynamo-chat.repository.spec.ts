import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatStore, startChatStore } from '../../test/support/chat-store.js';
import type { Turn } from './chat.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnSupersededError,
} from './chat.errors.js';
import { headKey } from './head-item.js';

const soon = () => Date.now() + 25_000;
/** A deadline so long ago that the lease has run out too. */
const longAgo = () => Date.now() - 60_000;
const done = (answer: string) => ({ status: 'done', answer, citations: [] }) as const;
const failed = { status: 'failed' } as const;

describe('DynamoChatRepository', () => {
  let store: ChatStore;
  beforeAll(async () => {
    store = await startChatStore();
  });
  afterAll(() => store.close());

  const request = (prompt: string, chatId?: string, key?: string) => ({ chatId, key, prompt, deadline: soon() });

  async function begin(prompt: string, chatId?: string, key?: string, deadline = soon()): Promise<Turn> {
    const turn = await store.chats.begin('alice', { chatId, key, prompt, deadline });
    if ('answer' in turn) throw new Error('the turn was replayed');
    return turn;
  }

  async function end(turn: Turn, outcome: Parameters<typeof store.chats.complete>[2] = done(`re ${turn.prompt}`)) {
    const { number } = await store.chats.complete('alice', turn, outcome);
    await store.chats.release('alice', turn, number, outcome.status === 'done');
    return turn;
  }

  const turn = async (prompt: string, chatId?: string, key?: string) => end(await begin(prompt, chatId, key));

  async function item(id: string, sortKey: string): Promise<Record<string, unknown> | undefined> {
    const command = new GetCommand({ TableName: store.tableName, Key: { id, user_id: sortKey }, ConsistentRead: true });
    return (await store.table.send(command)).Item;
  }

  const turnsOf = async (chatId: string, user = 'alice') => {
    const { history } = await store.history.newest(user, chatId, 1000);
    return history.turns.map(({ messages }) =>
      messages.map(({ content, status }) => [content, status].filter(Boolean).join(':')),
    );
  };

  describe('a turn', () => {
    it('has a number from 1 and the session of the first', async () => {
      const one = await turn('one');
      const two = await turn('two', one.chat.id);
      expect([one.number, two.number]).toEqual([1, 2]);
      expect(one.session.isNew).toBe(true);
      expect(two.session).toEqual({ generation: one.session.generation, isNew: false });
      expect(two.chat).toMatchObject({ id: one.chat.id, userId: 'alice', title: 'one', createdAt: one.chat.createdAt });
    });

    it('has its prompt durable as soon as it has begun', async () => {
      const { chat } = await begin('first words');
      expect(await turnsOf(chat.id)).toEqual([['first words:pending']]);
    });

    it('refuses a second one while it runs', async () => {
      const running = await begin('one');
      await expect(begin('two', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
      await end(running);
      expect((await begin('two', running.chat.id)).number).toBe(2);
    });

    it('opens a new session after one that was not done', async () => {
      const one = await turn('one');
      const two = await begin('two', one.chat.id);
      await end(two, failed);
      const three = await begin('three', one.chat.id);
      expect(three.session).toEqual({ generation: three.lease, isNew: true });
    });

    it('opens a new session when the old one has been idle for too long', async () => {
      const one = await turn('one');
      const at = new Date(Date.now() - 595_000).toISOString();
      await store.table.send(
        new UpdateCommand({
          TableName: store.tableName,
          Key: headKey('alice', one.chat.id),
          UpdateExpression: 'SET #session.#at = :at',
          ExpressionAttributeNames: { '#session': 'session', '#at': 'at' },
          ExpressionAttributeValues: { ':at': at },
        }),
      );
      expect((await begin('two', one.chat.id)).session.isNew).toBe(true);
    });

    it('leaves a head under 1 KB with the keys of the last 16', async () => {
      const { chat } = await turn('turn 1');
      for (let number = 2; number <= 20; number += 1) await turn(`turn ${number}`, chat.id);
      const head = await item(chat.id, 'alice');
      expect(Object.keys(head ?? {}).filter((name) => name.startsWith('k_'))).toHaveLength(16);
      expect(Buffer.byteLength(JSON.stringify(head))).toBeLessThan(1024);
      expect(head).not.toHaveProperty('open');
    });
  });

  describe('a turn that died', () => {
    it('is failed with its prompt, and the chat goes on in a new session', async () => {
      const { chat } = await begin('one', undefined, undefined, longAgo());
      expect(await turnsOf(chat.id)).toEqual([['one:failed']]);
      expect((await turn('two', chat.id)).session.isNew).toBe(true);
      expect(await turnsOf(chat.id)).toEqual([['one:failed'], ['two', 're two']]);
    });

    it('is done if it died before its release, and holds nobody up', async () => {
      const one = await begin('one');
      await store.chats.complete('alice', one, done('yes'));
      expect(await turnsOf(one.chat.id)).toEqual([['one', 'yes']]);
      await turn('two', one.chat.id);
      expect(await turnsOf(one.chat.id)).toEqual([
        ['one', 'yes'],
        ['two', 're two'],
      ]);
    });

    it('may still be answered late', async () => {
      const late = await begin('one', undefined, undefined, longAgo());
      await turn('two', late.chat.id);
      await end(late, done('better late'));
      expect(await turnsOf(late.chat.id)).toEqual([
        ['one', 'better late'],
        ['two', 're two'],
      ]);
    });

    it('may not be answered once its chat is deleted', async () => {
      const late = await begin('one', undefined, undefined, longAgo());
      await store.chats.delete('alice', late.chat.id);
      const answer = store.chats.complete('alice', late, done('x'.repeat(700_000)));
      await expect(answer).rejects.toBeInstanceOf(ChatNotFoundError);
      const { Items: items = [] } = await store.table.send(
        new QueryCommand({
          TableName: store.tableName,
          KeyConditionExpression: 'id = :id',
          ExpressionAttributeValues: { ':id': late.chat.id },
        }),
      );
      expect(items.length).toBeGreaterThan(0);
      for (const left of items) {
        expect(Object.keys(left).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
      }
    });
  });

  describe('a key', () => {
    it('replays the answer of a turn that is done, in a chat and without one', async () => {
      const one = await turn('one', undefined, 'key-1');
      const chatId = one.chat.id;
      expect(await store.chats.begin('alice', request('one', undefined, 'key-1'))).toMatchObject({
        chatId,
        number: 1,
        answer: { content: 're one' },
      });
      await turn('two', chatId, 'key-2');
      expect(await store.chats.begin('alice', request('two', chatId, 'key-2'))).toMatchObject({
        chatId,
        number: 2,
        answer: { content: 're two' },
      });
      expect(await turnsOf(chatId)).toHaveLength(2);
    });

    it('replays an answer that took several items', async () => {
      const response = '漢'.repeat(250_000);
      const one = await end(await begin('large', undefined, 'key-large'), done(response));
      const replay = await store.chats.begin('alice', request('large', undefined, 'key-large'));
      expect(replay).toMatchObject({ chatId: one.chat.id, number: 1, answer: { content: response } });
    });

    it('is of one user and one chat', async () => {
      const one = await turn('one', undefined, 'same');
      const ofBob = await store.chats.begin('bob', request('one', undefined, 'same'));
      expect(ofBob).toMatchObject({ number: 1 });
      expect(ofBob).not.toMatchObject({ chat: { id: one.chat.id } });
      expect((await turn('two', one.chat.id, 'key of two')).number).toBe(2);
      expect((await turn('two', (await turn('other')).chat.id, 'key of two')).number).toBe(2);
    });

    it('is refused with another prompt, running or ended', async () => {
      const one = await begin('one', undefined, 'key-other');
      const other = request('another', undefined, 'key-other');
      await expect(store.chats.begin('alice', other)).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
      await end(one);
      await expect(store.chats.begin('alice', other)).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
    });

    it('waits for its own turn', async () => {
      const one = await begin('one', undefined, 'key-wait');
      const again = store.chats.begin('alice', request('one', undefined, 'key-wait'));
      await expect(again).rejects.toBeInstanceOf(TurnInProgressError);
      await end(one);
    });

    it.each([failed, { status: 'partial', answer: 'half', citations: [] } as const])(
      'runs again after %o',
      async (outcome) => {
        const key = `key-again-${outcome.status}`;
        const one = await begin('one', undefined, key);
        await end(one, outcome);
        const again = await begin('one', undefined, key);
        expect([again.chat.id, again.number]).toEqual([one.chat.id, 2]);
        await end(again);
        expect(await store.chats.begin('alice', request('one', undefined, key))).toMatchObject({
          answer: { content: 're one' },
        });
      },
    );

    it('runs again after a turn that died, whose late answer is refused then', async () => {
      const dead = await begin('one', undefined, 'key-dead', longAgo());
      await turn('one', undefined, 'key-dead');
      await expect(store.chats.complete('alice', dead, done('late'))).rejects.toBeInstanceOf(TurnSupersededError);
      expect(await turnsOf(dead.chat.id)).toEqual([['one:failed'], ['one', 're one']]);
    });
  });

  describe('a deleted chat', () => {
    it('is out of every answer, and a second delete finds nothing', async () => {
      const { chat } = await turn('one', (await turn('zero')).chat.id);
      await store.chats.delete('alice', chat.id);
      await expect(store.history.newest('alice', chat.id, 10)).rejects.toBeInstanceOf(ChatNotFoundError);
      await expect(begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
      await expect(store.chats.delete('alice', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    });

    it('is deleted to the end by a repeated delete', async () => {
      const { chat } = await turn('one');
      await store.table.send(
        new UpdateCommand({
          TableName: store.tableName,
          Key: headKey('alice', chat.id),
          UpdateExpression: 'SET deleted_at = :now',
          ExpressionAttributeValues: { ':now': new Date().toISOString() },
        }),
      );
      await expect(begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
      await store.chats.delete('alice', chat.id);
      expect(await item(chat.id, 'alice#T#000000000001')).not.toHaveProperty('prompt');
    });

    it('cannot be one whose turn is running', async () => {
      const running = await begin('one');
      await expect(store.chats.delete('alice', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
      await end(running);
    });
  });

  describe('two users', () => {
    it('do not get at each other’s chats', async () => {
      const { chat } = await turn('mine');
      for (const chatId of [chat.id, 'no-such-chat']) {
        await expect(store.chats.begin('bob', request('x', chatId))).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.chats.delete('bob', chatId)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.newest('bob', chatId, 100)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.page('bob', chatId, 5, 100)).rejects.toBeInstanceOf(ChatNotFoundError);
      }
      expect(await item(chat.id, 'bob')).toBeUndefined();
    });

    it('stay apart in chats with the same id', async () => {
      const { chat } = await turn('of alice');
      const head = { ...headKey('bob', chat.id), title: 'of bob', messages: [{ role: 'user', content: 'of bob' }] };
      await store.table.send(new PutCommand({ TableName: store.tableName, Item: head }));
      const ofBob = (await store.chats.begin('bob', request('again bob', chat.id))) as Turn;
      await store.chats.complete('bob', ofBob, done('yes'));
      expect(await turnsOf(chat.id)).toEqual([['of alice', 're of alice']]);
      expect(await turnsOf(chat.id, 'bob')).toEqual([['of bob'], ['again bob', 'yes']]);
    });
  });

  it('gives a turn the next free number when the original system has reset the head', async () => {
    const { chat } = await turn('two', (await turn('one')).chat.id);
    const reset = { ...headKey('alice', chat.id), title: 'one', messages: [{ role: 'user', content: 'zero' }] };
    await store.table.send(new PutCommand({ TableName: store.tableName, Item: reset }));
    await turn('three', chat.id);
    await turn('four', chat.id);
    expect(await turnsOf(chat.id)).toEqual([
      ['zero'],
      ['one', 're one'],
      ['two', 're two'],
      ['three', 're three'],
      ['four', 're four'],
    ]);
  });
});
