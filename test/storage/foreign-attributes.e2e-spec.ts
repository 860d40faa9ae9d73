import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toKeyAttribute } from '../../src/chat/storage/items/remembered-keys.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead, readRemains, setAttribute, setOnHead } from '../support/chat-items.js';
import { collectErrorLines } from '../support/error-lines.js';
import { replaceByTableWithoutIndex } from '../support/table-without-index.js';

const MESSAGES = [
  { role: 'user', content: 'Where were we?' },
  { role: 'assistant', content: 'At the beginning.' },
];
/** A number of 38 digits. */
const HUGE = NumberValue.from('9'.repeat(38));
const FAR_AHEAD = { lease: 'other', until: 9e15, prompt: 'from afar', at: '2024-05-01T10:00:00.000Z' };

/** What other systems have under the names of our attributes. None of it hides the chat or its messages. */
const HEADS: readonly (readonly [name: string, attributes: object])[] = [
  ['a text in turns', { turns: 'three' }],
  ['null in turns', { turns: null }],
  ['a list in turns', { turns: MESSAGES }],
  ['a negative number in turns', { turns: -7 }],
  ['a number of 38 digits in turns', { turns: HUGE }],
  ['a fraction in turns', { turns: 2.5 }],
  ['the last number in turns', { turns: 999_999_999_999 }],
  ['a fraction under the name of a key', { [toKeyAttribute('key')]: 0.5 }],
  ['true in open', { open: true }],
  ['null in open', { open: null }],
  ['a text in open', { open: 'yes' }],
  ['a map in open', { open: { since: '9:00', until: '18:00' } }],
  ['the lease of another system in open', { open: { lease: 'A-17', until: '2030-01-01' } }],
  ['a lease without an end in open', { open: FAR_AHEAD }],
  ['a text in session', { session: '0b5c2a50' }],
  ['a map in session', { session: { gen: 5, at: new Date().toISOString() } }],
  ['null in deleted_at', { deleted_at: null }],
  ['false in deleted_at', { deleted_at: false }],
  ['an empty text in deleted_at', { deleted_at: '' }],
  ['a text in expires_at', { expires_at: '2030-01-01T00:00:00Z' }],
  ['null in expires_at', { expires_at: null }],
  ['a number of 38 digits in expires_at', { expires_at: HUGE }],
  ['null in ended_at', { ended_at: null }],
  ['a word in ended_at', { ended_at: 'yesterday' }],
  ['a number in ended_at', { ended_at: 1_714_557_600 }],
  ['a map in title', { title: { en: 'Old' } }],
  ['a number in inline_item', { inline_item: 7 }],
  ['a text in inline_item beside the messages', { inline_item: 'elsewhere' }],
  ['seconds in updated_at', { updated_at: 1_714_557_600 }],
  ['null in updated_at', { updated_at: null }],
  ['a word in updated_at', { updated_at: 'yesterday' }],
  ['a map in updated_at', { updated_at: { $date: '2024-05-01' } }],
  ['a list in created_at', { created_at: [2024, 5, 1] }],
  ['a text under the name of a key', { [toKeyAttribute('key')]: 'x' }],
  ['null under the name of a key', { [toKeyAttribute('key')]: null }],
];

/** Damaged turns that can still be told. */
const TURNS: readonly (readonly [name: string, path: string, value: unknown, reply: object])[] = [
  ['a text in citations', 'citations', 'none', {}],
  [
    'other things in citations',
    'citations',
    [7, { title: 5, uri: 'https://example.com/a' }],
    { citations: [{ uri: 'https://example.com/a' }] },
  ],
  ['a text in usage', 'usage', '17', {}],
  ['texts of numbers in usage', 'usage', { in: '17', out: '4' }, {}],
  ['a number in reason', 'reason', 7, {}],
  ['a map in lease', 'lease', {}, {}],
  ['a word in done_at', 'done_at', 'yesterday', {}],
  ['a text in expires_at', 'expires_at', 'never', {}],
  ['more parts than there are', 'parts', 2, { status: 'partial' }],
  ['a text in parts', 'parts', 'two', { status: 'partial' }],
];

/** Damaged turns of which nobody knows what they said. */
const UNREADABLE_TURNS: readonly (readonly [name: string, attribute: string, value: unknown])[] = [
  ['a list as the prompt', 'prompt', ['x']],
  ['null as the prompt', 'prompt', null],
  ['a map as the answer', 'answer', { text: 'x' }],
  ['a number as the answer', 'answer', HUGE],
  ['an unknown status', 'status', 'finished'],
  ['a number as the status', 'status', 200],
];

describe('attributes that another system wrote under our names', () => {
  const errors = collectErrorLines();
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
    await replaceByTableWithoutIndex(app);
  });
  afterAll(() => app.close());

  let count = 0;
  const newId = () => `a-${(count += 1)}`;
  const show = (messages: readonly { role: string; content: string }[]) =>
    messages.map(({ role, content }) => ({ role, content }));
  const texts = async (id: string) => show((await app.read(id).expect(200)).body.chat.messages);

  it.each(HEADS)('neither lock nor hide a chat: %s', async (_, attributes) => {
    const [id, untouched] = [newId(), newId()];
    for (const chat of [id, untouched]) await putItem(app, { ...originalChat(chat, MESSAGES), ...attributes });
    const { chat } = (await app.read(id).expect(200)).body;
    expect(show(chat.messages).slice(0, 2)).toEqual(MESSAGES);
    for (const time of [chat.created_at, chat.updated_at]) expect(time).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]{12}Z$/);

    const key = { 'idempotency-key': 'key' };
    await app.chat({ prompt: 'Go on', chat_id: id }, 'alice', key).expect(200);
    const head = await readHead(app, id);
    expect(head).not.toHaveProperty('open');
    expect(head).toMatchObject({ updated_at: expect.any(String), turns: expect.any(Number) });
    expect((await app.chat({ prompt: 'Go on', chat_id: id }, 'alice', key).expect(200)).headers).toMatchObject({
      'idempotency-replayed': 'true',
    });
    await app.chat({ prompt: 'And on', chat_id: id }).expect(200);
    await app.rename(untouched, { title: 'New' }).expect(200);
    expect((await app.read(untouched).expect(200)).body.chat.title).toBe('New');
    const said = (await texts(id)).filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(said.filter((text) => text !== FAR_AHEAD.prompt)).toEqual(['Where were we?', 'Go on', 'And on']);

    for (const chatId of [id, untouched]) {
      await app.remove(chatId).expect(204);
      expect(await readRemains(app, chatId)).toEqual([]);
    }
    expect(errors).toEqual([]);
  });

  it.each([
    ['a time', '2024-05-01'],
    ['true', true],
    ['a number', 1_714_557_600],
  ])('say that the chat is deleted, which a delete finishes: %s', async (_, deletedAt) => {
    const id = newId();
    await putItem(app, { ...originalChat(id, MESSAGES), updated_at: undefined, deleted_at: deletedAt });
    await app.read(id).expect(404);
    await app.chat({ prompt: 'Go on', chat_id: id }).expect(404);
    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
    await app.remove(id).expect(404);
  });

  it('fill a head, which can be deleted nevertheless', async () => {
    const id = newId();
    const item = { ...originalChat(id, MESSAGES), notes: '' };
    await putItem(app, { ...item, notes: 'x'.repeat(409_600 - 380) });
    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
  });

  it('fill a head with a JSON text of messages, which then moves', async () => {
    const id = newId();
    const fill = (length: number) => JSON.stringify([...MESSAGES, { role: 'user', content: 'x'.repeat(length) }]);
    const others = JSON.stringify(originalChat(id, [])).length + fill(0).length;
    await putItem(app, { ...originalChat(id, []), messages: fill(409_600 - others) });
    const told = await texts(id);
    await app.chat({ prompt: 'Go on', chat_id: id }).expect(200);
    expect((await texts(id)).slice(0, 3)).toEqual(told);
    expect(await readHead(app, id)).toHaveProperty('inline_item');
    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
  });

  describe('in a turn', () => {
    /** Puts a chat with a damaged turn. Its id is shorter than what the silence of the tests takes for a secret. */
    async function damagedTurn(path: string, value: unknown): Promise<string> {
      const id = newId();
      await putItem(app, originalChat(id, MESSAGES));
      for (const prompt of ['one', 'two']) await app.chat({ prompt, chat_id: id }).expect(200);
      await setAttribute(app, { id, user_id: turnSortKey('alice', 1) }, path, value);
      return id;
    }

    it.each(TURNS)('hide nothing of it: %s', async (_, path, value, reply) => {
      const id = await damagedTurn(path, value);
      const { messages } = (await app.read(id).expect(200)).body.chat;
      const [question, answer] = messages.slice(MESSAGES.length);
      expect(question).toMatchObject({ role: 'user', content: 'one' });
      expect(answer).toMatchObject({ role: 'assistant', content: expect.stringContaining('one') });
      const { citations, status, usage, created_at: time } = answer;
      expect({ citations, status, usage }).toEqual({ ...reply });
      expect(time === undefined).toBe(path === 'done_at');
      await app.chat({ prompt: 'three', chat_id: id }).expect(200);
      await app.remove(id).expect(204);
      expect(await readRemains(app, id)).toEqual([]);
    });

    it.each(UNREADABLE_TURNS)('are one clear 500: %s', async (_, attribute, value) => {
      const id = await damagedTurn(attribute, value);
      await app.read(id).expect(500);
      expect(errors).toMatchObject([
        {
          message: {
            status: 500,
            error: { name: 'UnreadableItemError', item: { chat: id, part: 'turn 1', attribute } },
          },
        },
      ]);
      await setOnHead(app, id, { session: 'gone' });
      await app.chat({ prompt: 'three', chat_id: id }).expect(500);
      expect(await readHead(app, id)).not.toHaveProperty('open');
      await app.remove(id).expect(204);
      expect(await readRemains(app, id)).toEqual([]);
    });

    it('neither lock a chat whose turn is dead, nor stop its delete', async () => {
      const id = await damagedTurn('prompt', 7);
      const open = { lease: 'dead', until: 1, prompt: 'dead', at: new Date().toISOString() };
      await setOnHead(app, id, { open, turns: 1 });
      await app
        .chat({ prompt: 'three', chat_id: id })
        .expect((response) => expect([200, 500]).toContain(response.status));
      expect(await readHead(app, id)).not.toHaveProperty('open');
      await setOnHead(app, id, { open, turns: 1 });
      await app.remove(id).expect(204);
    });
  });
});
