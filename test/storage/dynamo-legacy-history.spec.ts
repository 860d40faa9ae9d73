import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { itemsOf, originalChat, putItem } from '../support/chat-items.js';
import { type ChatStore, startChatStore } from '../support/chat-store.js';
import { TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/dynamodb/dynamodb.errors.js';

const ID = 'old';
/** DynamoDB takes 400 KB for an item. */
const FULL = 409_600;

/** The original system's item of a chat, of exactly so many bytes and two messages for each turn. */
function fullItem(bytes: number, turns: number) {
  const messages = Array.from({ length: turns }, (_, index) => [
    { role: 'user', content: `question ${index + 1}` },
    { role: 'assistant', content: `answer ${index + 1} ` },
  ]).flat();
  const item = { ...originalChat(ID, messages), messages };
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
  let alice: TurnRunner;
  beforeEach(async () => {
    store = await startChatStore();
    alice = new TurnRunner(store, 'alice');
  });
  afterEach(() => store.close());

  const items = () => itemsOf(store, ID);
  const contents = async () => (await alice.turnsOf(ID)).flat();

  describe.each([
    ['many turns', 1000],
    ['one turn', 1],
  ])('a chat of the original system that is full, with %s', (_, turns) => {
    const old = fullItem(FULL - 100, turns);
    const said = old.messages.map(({ content }) => content);

    beforeEach(() => putItem(store, old));

    it('goes on, with nothing lost', async () => {
      const first = await alice.turn('Go on', ID);
      expect(first).toMatchObject({ number: 1, chat: { title: 'An old chat', createdAt: '2024-05-01T10:00:00.123Z' } });
      expect(await contents()).toEqual([...said, 'Go on', 're Go on']);
      await alice.turn('And on', ID);
      expect(await contents()).toEqual([...said, 'Go on', 're Go on', 'And on', 're And on']);
      const [head, inline] = await items();
      expect(sizeOf(head ?? {})).toBeLessThan(1024);
      expect(inline).toMatchObject({ messages: old.messages });
    });

    it('is read page by page, before and after', async () => {
      const numbers = async () =>
        (await store.history.getPage('alice', ID, { before: 0, limit: 4 })).turns.map(({ number }) => number);
      const before = await numbers();
      await alice.turn('Go on', ID);
      expect(await numbers()).toEqual(before);
    });

    it('can be deleted, continued or not', async () => {
      await alice.turn('Go on', ID);
      await store.deletion.delete('alice', ID);
      await putItem(store, { ...old, user_id: 'bob' });
      await store.deletion.delete('bob', ID);
      for (const item of await items()) {
        expect(Object.keys(item).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
      }
      await expect(alice.begin('again', ID)).rejects.toBeInstanceOf(ChatNotFoundError);
    });
  });

  it('leaves a chat alone that has room', async () => {
    const old = fullItem(FULL - 2000, 100);
    await putItem(store, old);
    await alice.turn('Go on', ID);
    const [head, ...rest] = await items();
    expect(head).toMatchObject({ messages: old.messages });
    expect(rest).toHaveLength(1);
  });

  it('makes room for a large prompt, however much there is inside', async () => {
    const old = fullItem(FULL / 2, 100);
    await putItem(store, old);
    const prompt = 'x'.repeat(250_000);
    await alice.turn(prompt, ID);
    expect(await contents()).toEqual([...old.messages.map(({ content }) => content), prompt, `re ${prompt}`]);
  });

  it('makes room for the end of a turn, which may take more than its beginning', async () => {
    // What begin and release add differs by less than this, whatever the numbers in it.
    for (let free = 60; free < 300; free += 4) {
      const id = `${ID}-${free}`;
      await putItem(store, { ...fullItem(FULL - free, 1), id });
      await alice.turn('x', id);
      expect((await alice.turnsOf(id)).slice(-1)).toEqual([['x', 're x']]);
    }
  });

  describe('a move that is interrupted', () => {
    const old = fullItem(FULL - 100, 10);
    const said = old.messages.map(({ content }) => content);
    beforeEach(() => putItem(store, old));

    it.each([1, 2, 3, 4, 5])('before call %d is seen whole, and done by the next turn', async (call) => {
      store.faults.inject({ type: 'throttle' }, { skip: call - 1 });
      await expect(alice.begin('never', ID)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      expect(await contents()).toEqual(said);
      await alice.turn('Go on', ID);
      expect(await contents()).toEqual([...said, 'Go on', 're Go on']);
    });

    it('is deleted whole', async () => {
      store.faults.inject({ type: 'throttle' }, { skip: 3 });
      await expect(alice.begin('never', ID)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      expect(await items()).toHaveLength(2);
      await store.deletion.delete('alice', ID);
      for (const item of await items()) expect(item).not.toHaveProperty('messages');
    });
  });

  it.each(['at once', 'release', 'begin', 'delete'] as const)('may be delivered twice: %s', async (after) => {
    const old = fullItem(FULL - 100, 10);
    const said = old.messages.map(({ content }) => content);
    await putItem(store, old);
    store.faults.inject({ type: 'redelivery', after }, { commands: ['UpdateItemCommand', 'PutItemCommand'], skip: 1 });
    await alice.turn('one', ID);
    await alice.turn('two', ID);
    expect(await contents()).toEqual([...said, 'one', 're one', 'two', 're two']);
    await store.deletion.delete('alice', ID);
    await store.faults.deliverRest();
    for (const item of await items()) expect(item).not.toHaveProperty('messages');
  });

  it('by two turns at once is one move', async () => {
    const old = fullItem(FULL - 100, 10);
    await putItem(store, old);
    const begun = await Promise.allSettled([alice.begin('one', ID), alice.begin('two', ID), alice.begin('three', ID)]);
    const refused = begun.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused).toEqual([expect.any(TurnInProgressError), expect.any(TurnInProgressError)]);
    expect((await contents()).slice(0, -1)).toEqual(old.messages.map(({ content }) => content));
  });
});
