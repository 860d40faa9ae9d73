import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readHead, readItems, originalChat, putItem, readRemains } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';

/** Has the length of the id that each test gets, because the id is part of an item's size. */
const ID = 'old-000';
/** DynamoDB takes 400 KB for an item. */
const FULL = 409_600;

/** A chat's item of the original system, with this size and two messages for each turn. */
function fullItem(bytes: number, turns: number) {
  const messages = Array.from({ length: turns }, (_, index) => [
    { role: 'user', content: `question ${index + 1}` },
    { role: 'assistant', content: `answer ${index + 1} ` },
  ]).flat();
  const item = { ...originalChat(ID, messages), messages };
  const freeBytes = bytes - countBytes(item);
  for (const message of messages) message.content += 'x'.repeat(Math.floor(freeBytes / messages.length));
  for (const message of messages.slice(-1)) message.content += 'x'.repeat(bytes - countBytes(item));
  return item;
}

/** Bytes of an item by DynamoDB's rules: names and values, 3 for each list or map in it, and 1 for each member. */
function countBytes(item: object): number {
  return Object.entries(item).reduce((bytes, [name, value]) => bytes + name.length + countValueBytes(value), 0);
}

function countValueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (Array.isArray(value)) return value.reduce((bytes: number, member) => bytes + 1 + countValueBytes(member), 3);
  return 3 + Object.keys(value as object).length + countBytes(value as object);
}

describe('DynamoLegacyHistory', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');
  let count = 0;
  let id: string;
  beforeEach(() => {
    id = `old-${String((count += 1)).padStart(3, '0')}`;
  });

  const put = (item: ReturnType<typeof fullItem>) => putItem(store, { ...item, id });
  const items = () => readItems(store, id);
  const contents = async () => (await alice.readTurns(id)).flat();

  describe('a full chat of the original system', () => {
    const full = fullItem(FULL - 100, 100);

    it('continues and loses nothing', async () => {
      await put(full);
      const texts = full.messages.map(({ content }) => content);
      const first = await alice.turn('Go on', id);
      expect(first).toMatchObject({ number: 1, chat: { title: 'An old chat', createdAt: '2024-05-01T10:00:00.123Z' } });
      expect(await contents()).toEqual([...texts, 'Go on', 're Go on']);
      await alice.turn('And on', id);
      expect(await contents()).toEqual([...texts, 'Go on', 're Go on', 'And on', 're And on']);
      const [head, moved] = await items();
      expect(countBytes(head ?? {})).toBeLessThan(1024);
      expect(moved).toMatchObject({ messages: full.messages });
    });

    it('has the same pages before and after the move', async () => {
      await put(full);
      const numbers = async () =>
        (await store.history.getPage('alice', id, { before: 0, limit: 4 })).turns.map(({ number }) => number);
      const before = await numbers();
      await alice.turn('Go on', id);
      expect(await numbers()).toEqual(before);
    });

    it('can be deleted, before and after it continues', async () => {
      await put(full);
      await alice.turn('Go on', id);
      await store.deletion.delete('alice', id);
      await putItem(store, { ...full, id, user_id: 'bob' });
      await store.deletion.delete('bob', id);
      expect(await readRemains(store, id)).toEqual([]);
      await expect(alice.begin('again', id)).rejects.toBeInstanceOf(ChatNotFoundError);
    });
  });

  it('does not move messages while the head has room', async () => {
    const old = fullItem(FULL - 2000, 100);
    await put(old);
    await alice.turn('Go on', id);
    const [head, ...rest] = await items();
    expect(head).toMatchObject({ messages: old.messages });
    expect(rest).toHaveLength(1);
  });

  it('moves messages to make room for a large prompt', async () => {
    const old = fullItem(FULL / 2, 100);
    await put(old);
    const prompt = 'x'.repeat(250_000);
    await alice.turn(prompt, id);
    expect(await contents()).toEqual([...old.messages.map(({ content }) => content), prompt, `re ${prompt}`]);
  });

  it('moves numbers with all their digits', async () => {
    const digits = ['1714557600123456789', '61729423590109290000', '0.1234567890123456789', '12345678901234567890.5'];
    const ts = digits.map((each) => NumberValue.from(each));
    const { messages, ...old } = fullItem(FULL - 250, 1);
    const numbered = messages.map((message) => ({ ...message, ts }));
    await putItem(store, { ...old, id, messages: numbered });
    await alice.turn('Go on', id);
    expect((await items())[1]).toMatchObject({ messages: numbered });
  });

  it('moves messages to make room for the end of a turn, which may need more than its begin', async () => {
    const moves = new Set<string>();
    // The end needs up to 48 bytes more than the begin.
    for (let free = 100; free < 300 && !moves.has('none'); free += 40) {
      const chat = `${id}-${free}`;
      await putItem(store, { ...fullItem(FULL - free, 1), id: chat });
      const isMoved = async () => 'inline_item' in ((await readHead(store, chat)) ?? {});
      const turn = await alice.begin('x', chat);
      const isMovedByBegin = await isMoved();
      await alice.end(turn);
      moves.add(isMovedByBegin ? 'begin' : (await isMoved()) ? 'end' : 'none');
      expect((await alice.readTurns(chat)).slice(-1)).toEqual([['x', 're x']]);
    }
    expect([...moves]).toEqual(['begin', 'end', 'none']);
  });

  describe('an interrupted move', () => {
    const old = fullItem(FULL - 100, 10);
    const texts = old.messages.map(({ content }) => content);
    beforeEach(() => put(old));

    it.each([1, 2, 3, 4, 5, 6, 7, 8])('before call %d loses nothing, and the next turn finishes it', async (call) => {
      store.faults.inject({ type: 'refused' }, { skip: call - 1 });
      await expect(alice.begin('never', id)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      expect(await contents()).toEqual(texts);
      await alice.turn('Go on', id);
      expect(await contents()).toEqual([...texts, 'Go on', 're Go on']);
    });

    it('leaves a chat that can be deleted completely', async () => {
      store.faults.inject({ type: 'refused' }, { skip: 6 });
      await expect(alice.begin('never', id)).rejects.toBeInstanceOf(StorageUnavailableError);
      store.faults.clear();
      expect(await items()).toHaveLength(2);
      await store.deletion.delete('alice', id);
      for (const item of await items()) expect(item).not.toHaveProperty('messages');
    });
  });

  it.each(['at once', 'release', 'begin', 'delete'] as const)(
    'accepts a second delivery of a move: %s',
    async (after) => {
      const old = fullItem(FULL - 100, 10);
      const texts = old.messages.map(({ content }) => content);
      await put(old);
      store.faults.inject(
        { type: 'redelivery', after },
        { commands: ['UpdateItemCommand', 'PutItemCommand'], skip: 1 },
      );
      await alice.turn('one', id);
      await alice.turn('two', id);
      expect(await contents()).toEqual([...texts, 'one', 're one', 'two', 're two']);
      await store.deletion.delete('alice', id);
      await store.faults.deliverRest();
      for (const item of await items()) expect(item).not.toHaveProperty('messages');
    },
  );

  it('moves messages once if several turns begin at the same time', async () => {
    const old = fullItem(FULL - 100, 10);
    await put(old);
    const begun = await Promise.allSettled([alice.begin('one', id), alice.begin('two', id)]);
    const refused = begun.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused).toEqual([expect.any(TurnInProgressError)]);
    expect((await contents()).slice(0, -1)).toEqual(old.messages.map(({ content }) => content));
  });
});
