import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toKeyAttribute } from '../../src/chat/storage/items/remembered-keys.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { leaveTurn, originalChat, putItem, readHead, readRemains, setOnHead } from '../support/chat-items.js';
import { collectErrorLines } from '../support/error-lines.js';
import { replaceByTableWithoutIndex } from '../support/table-without-index.js';

const MESSAGES = [
  { role: 'user', content: 'Where were we?' },
  { role: 'assistant', content: 'At the beginning.' },
];
/** A number of 38 digits. */
const HUGE = NumberValue.from('9'.repeat(38));
const SESSION = { gen: 'g', at: new Date().toISOString() };
const FAR_AHEAD = { lease: 'other', until: 9e15, prompt: 'from afar', at: '2024-05-01T10:00:00.000Z' };

/** What other systems have under the names of our attributes. None of it hides the chat or its messages. */
const HEADS: readonly (readonly [name: string, attributes: object])[] = [
  ['a text in turns', { turns: 'three' }],
  ['a text under the name of a key', { [toKeyAttribute('key')]: 'x' }],
  ['true in open', { open: true }],
  ['a lease without an end in open', { open: FAR_AHEAD }],
  ['a text in session', { session: '0b5c2a50' }],
  ['null in deleted_at', { deleted_at: null }],
  ['a text in expires_at', { expires_at: '2030-01-01T00:00:00Z' }],
  ['null in ended_at', { ended_at: null }],
  ['a number in ended_at', { ended_at: 1_714_557_600 }],
  ['a number in inline_item', { inline_item: 7 }],
  ['a text in inline_item beside the messages', { inline_item: 'elsewhere' }],
  ['null in updated_at', { updated_at: null }],
  ['a list in created_at, a map in title', { created_at: [2024, 5, 1], title: { en: 'Old' } }],
  [
    'null in turns, open and session; false in deleted_at; a word in ended_at; seconds in updated_at',
    { turns: null, open: null, session: null, deleted_at: false, ended_at: 'yesterday', updated_at: 1_714_557_600 },
  ],
  [
    'a list in turns, a text in open, a map in session, an empty text in deleted_at, a word in updated_at',
    {
      turns: MESSAGES,
      open: 'yes',
      session: { gen: 5, at: SESSION.at },
      deleted_at: '',
      updated_at: 'yesterday',
    },
  ],
  [
    'a negative number in turns, a map in open and updated_at, null in expires_at, a text in attributes of a session',
    {
      turns: -7,
      open: { since: '9:00', until: '18:00' },
      session: { ...SESSION, attributes: 'abc' },
      expires_at: null,
      updated_at: { $date: '2024-05-01' },
    },
  ],
  [
    'numbers of 38 digits, the lease of another system in open, null in attributes of a session and in a key',
    {
      turns: HUGE,
      open: { lease: 'A-17', until: '2030-01-01' },
      session: { ...SESSION, attributes: null },
      expires_at: HUGE,
      [toKeyAttribute('key')]: null,
    },
  ],
  ['a fraction in turns, a number in attributes of a session', { turns: 2.5, session: { ...SESSION, attributes: 5 } }],
  [
    'the last number in turns, other things among the attributes of a session',
    { turns: 999_999_999_999, session: { ...SESSION, attributes: ['email', null] } },
  ],
  [
    'a fraction in a key, a set in attributes of a session',
    { [toKeyAttribute('key')]: 0.5, session: { ...SESSION, attributes: new Set(['email']) } },
  ],
];

/** Damaged turns that can still be told. */
const TURNS: readonly (readonly [name: string, attributes: object, reply: object])[] = [
  [
    'texts in citations, usage, done_at and expires_at; a number in reason; a map in lease',
    { citations: 'none', usage: '17', reason: 7, lease: {}, done_at: 'yesterday', expires_at: 'never' },
    {},
  ],
  [
    'other things in citations, texts of numbers in usage',
    { citations: [7, { title: 5, uri: 'https://example.com/a' }], usage: { in: '17', out: '4' } },
    { citations: [{ uri: 'https://example.com/a' }] },
  ],
  ['more parts than there are', { parts: 2 }, { status: 'partial' }],
  ['a text in parts', { parts: 'two' }, { status: 'partial' }],
];

/** Damaged turns of which nobody knows what they said. */
const UNREADABLE_TURNS: readonly (readonly [name: string, attribute: string, value: unknown])[] = [
  ['null as the prompt', 'prompt', null],
  ['a map as the answer', 'answer', { text: 'x' }],
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
    expect((await app.rename(untouched, { title: 'New' }).expect(200)).body.chat.title).toBe('New');
    const said = (await texts(id)).filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(said.filter((text) => text !== FAR_AHEAD.prompt)).toEqual(['Where were we?', 'Go on']);

    for (const chatId of [id, untouched]) {
      await app.remove(chatId).expect(204);
      expect(await readRemains(app, chatId)).toEqual([]);
    }
    expect(errors).toEqual([]);
  });

  it.each([
    ['a time', '2024-05-01'],
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

  it.each([
    ['null', { deleted_at: null }],
    ['false, and an expiry', { deleted_at: false, expires_at: 9_999_999_999 }],
    ['an empty text', { deleted_at: '' }],
  ])('say that a chat without contents is not deleted, which a delete can change: %s', async (_, attributes) => {
    const id = newId();
    await putItem(app, { id, user_id: 'alice', ...attributes });
    expect(await texts(id)).toEqual([]);
    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
    await app.read(id).expect(404);
  });

  it.each([
    ['true', true],
    ['a number', 1_714_557_600],
  ])('say that a chat without contents is deleted, which a delete finishes: %s', async (_, deletedAt) => {
    const id = newId();
    await putItem(app, { id, user_id: 'alice', deleted_at: deletedAt });
    await app.read(id).expect(404);
    await app.remove(id).expect(204);
    expect(await readHead(app, id)).toMatchObject({ deleted_at: expect.any(String), expires_at: expect.any(Number) });
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
    async function damagedTurn(attributes: object): Promise<string> {
      const id = newId();
      await putItem(app, { ...originalChat(id, MESSAGES), turns: 2 });
      await leaveTurn(app, id, 1, attributes);
      await leaveTurn(app, id, 2);
      return id;
    }

    it.each(TURNS)('hide nothing of it: %s', async (_, attributes, reply) => {
      const id = await damagedTurn(attributes);
      const { messages } = (await app.read(id).expect(200)).body.chat;
      const [question, answer] = messages.slice(MESSAGES.length);
      expect(question).toMatchObject({ role: 'user', content: 'left' });
      expect(answer).toMatchObject({ role: 'assistant', content: 're left' });
      const { citations, status, usage, created_at: time } = answer;
      expect({ citations, status, usage }).toEqual({ ...reply });
      expect(time === undefined).toBe('done_at' in attributes);
      await app.chat({ prompt: 'three', chat_id: id }).expect(200);
      await app.remove(id).expect(204);
      expect(await readRemains(app, id)).toEqual([]);
    });

    it.each(UNREADABLE_TURNS)('are one clear 500: %s', async (_, attribute, value) => {
      const id = await damagedTurn({ [attribute]: value });
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
      const id = await damagedTurn({ prompt: 7 });
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
