import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChatStore, startChatStore } from '../../test/support/chat-store.js';
import { type StorageFaults, startStorageFaults } from '../../test/support/storage-faults.js';
import type { Turn } from './chat.js';
import { ChatNotFoundError, StorageUnavailableError, TurnInProgressError } from './chat.errors.js';

const ID = 'old';
/** DynamoDB takes 400 KB for an item. */
const FULL = 409_600;

/** The original system's item of a chat, of exactly so many bytes and two messages for each turn. */
function fullItem(bytes: number, turns: number) {
  const messages = Array.from({ length: turns }, (_, index) => [
    { role: 'user', content: `question ${index + 1}` },
    { role: 'assistant', content: `answer ${index + 1} ` },
  ]).flat();
  const item = {
    id: ID,
    user_id: 'alice',
    title: 'An old chat',
    created_at: '2024-05-01T10:00:00.123456',
    updated_at: '2024-05-01T10:05:00.654321',
    messages,
  };
  const room = bytes - sizeOf(item);
  for (const message of messages) message.content += 'x'.repeat(Math.floor(room / messages.length));
  for (const message of messages.slice(-1)) message.content += 'x'.repeat(bytes - sizeOf(item));
  return item;
}

/** Bytes of an item as DynamoDB counts them: names and values, 3 for each list or map inside and 1 for each member. */
function sizeOf(item: object): number {
  return Object.entries(item).reduce((bytes, [name, value]) => bytes + name.length + sizeOfValue(value), 0);
}

function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (Array.isArray(value)) return value.reduce((bytes: number, member) => bytes + 1 + sizeOfValue(member), 3);
  return 3 + Object.keys(value as object).length + sizeOf(value as object);
}

describe('DynamoInlineHistory', () => {
  let store: ChatStore;
  let faults: StorageFaults;
  beforeEach(async () => {
    store = await startChatStore();
    faults = await startStorageFaults(store.client);
  });
  afterEach(async () => {
    faults.close();
    await store.close();
  });

  const put = (item: Record<string, unknown>) =>
    store.table.send(new PutCommand({ TableName: store.tableName, Item: item }));

  async function begin(prompt: string): Promise<Turn> {
    const request = { chatId: ID, key: undefined, prompt, deadline: Date.now() + 25_000 };
    return (await store.chats.begin('alice', request)) as Turn;
  }

  async function turn(prompt: string): Promise<Turn> {
    const begun = await begin(prompt);
    await store.chats.complete('alice', begun, { status: 'done', answer: `re ${prompt}`, citations: [] });
    await store.chats.release('alice', begun, begun.number, true);
    return begun;
  }

  async function contents(): Promise<string[]> {
    const { history } = await store.history.newest('alice', ID, 10_000);
    return history.turns.flatMap(({ messages }) => messages.map(({ content }) => content));
  }

  async function items(): Promise<Record<string, unknown>[]> {
    const command = new QueryCommand({
      TableName: store.tableName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': ID },
      ConsistentRead: true,
    });
    return (await store.table.send(command)).Items ?? [];
  }

  describe.each([
    ['many turns', 1000],
    ['one turn', 1],
  ])('a chat of the original system that is full, with %s', (_, turns) => {
    const old = fullItem(FULL - 100, turns);
    const said = old.messages.map(({ content }) => content);

    beforeEach(() => put(old));

    it('goes on, with nothing lost', async () => {
      const first = await turn('Go on');
      expect(first).toMatchObject({ number: 1, chat: { title: 'An old chat', createdAt: '2024-05-01T10:00:00.123Z' } });
      expect(await contents()).toEqual([...said, 'Go on', 're Go on']);
      await turn('And on');
      expect(await contents()).toEqual([...said, 'Go on', 're Go on', 'And on', 're And on']);
      const [head, inline] = await items();
      expect(sizeOf(head ?? {})).toBeLessThan(1024);
      expect(inline).toMatchObject({ messages: old.messages });
    });

    it('is read page by page, before and after', async () => {
      const numbers = async () => (await store.history.page('alice', ID, 0, 4)).turns.map(({ number }) => number);
      const before = await numbers();
      await turn('Go on');
      expect(await numbers()).toEqual(before);
    });

    it('can be deleted, continued or not', async () => {
      await turn('Go on');
      await store.chats.delete('alice', ID);
      await put({ ...old, user_id: 'bob' });
      await store.chats.delete('bob', ID);
      for (const item of await items()) {
        expect(Object.keys(item).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
      }
      await expect(begin('again')).rejects.toBeInstanceOf(ChatNotFoundError);
    });
  });

  it('leaves a chat alone that has room', async () => {
    const old = fullItem(FULL - 2000, 100);
    await put(old);
    await turn('Go on');
    const [head, ...rest] = await items();
    expect(head).toMatchObject({ messages: old.messages });
    expect(rest).toHaveLength(1);
  });

  it('makes room for a large prompt, however much there is inside', async () => {
    const old = fullItem(FULL / 2, 100);
    await put(old);
    const prompt = 'x'.repeat(250_000);
    await turn(prompt);
    expect(await contents()).toEqual([...old.messages.map(({ content }) => content), prompt, `re ${prompt}`]);
  });

  describe('a move that is interrupted', () => {
    const old = fullItem(FULL - 100, 10);
    const said = old.messages.map(({ content }) => content);
    beforeEach(() => put(old));

    it.each([1, 2, 3, 4, 5])('before call %d is seen whole, and done by the next turn', async (call) => {
      faults.inject({ type: 'throttle' }, { skip: call - 1 });
      await expect(begin('never')).rejects.toBeInstanceOf(StorageUnavailableError);
      faults.clear();
      expect(await contents()).toEqual(said);
      await turn('Go on');
      expect(await contents()).toEqual([...said, 'Go on', 're Go on']);
    });

    it('is deleted whole', async () => {
      faults.inject({ type: 'throttle' }, { skip: 3 });
      await expect(begin('never')).rejects.toBeInstanceOf(StorageUnavailableError);
      faults.clear();
      expect(await items()).toHaveLength(2);
      await store.chats.delete('alice', ID);
      for (const item of await items()) expect(item).not.toHaveProperty('messages');
    });
  });

  it.each(['at once', 'release', 'begin', 'delete'] as const)('may be delivered twice: %s', async (after) => {
    const old = fullItem(FULL - 100, 10);
    const said = old.messages.map(({ content }) => content);
    await put(old);
    faults.inject({ type: 'redelivery', after }, { commands: ['UpdateItemCommand', 'PutItemCommand'], skip: 1 });
    await turn('one');
    await turn('two');
    expect(await contents()).toEqual([...said, 'one', 're one', 'two', 're two']);
    await store.chats.delete('alice', ID);
    await faults.deliverRest();
    for (const item of await items()) expect(item).not.toHaveProperty('messages');
  });

  it('by two turns at once is one move', async () => {
    const old = fullItem(FULL - 100, 10);
    await put(old);
    const begun = await Promise.allSettled([begin('one'), begin('two'), begin('three')]);
    const refused = begun.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused).toEqual([expect.any(TurnInProgressError), expect.any(TurnInProgressError)]);
    expect((await contents()).slice(0, -1)).toEqual(old.messages.map(({ content }) => content));
  });
});
