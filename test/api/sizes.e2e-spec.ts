import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readItems } from '../support/chat-items.js';
import { tokenOf } from '../support/tokens.js';

/** Largest reply, in bytes of its JSON without the quotes. */
const ANSWER_BYTES = 1_000_000;
/** Largest body: 256 KiB. */
const BODY_BYTES = 262_144;
/** Largest item as DynamoDB counts: 400 KB. */
const ITEM_BYTES = 409_600;

/** Characters of one byte, of one code point in two units, of several code points, and of more bytes in JSON. */
const SCRIPTS: readonly (readonly [string, string])[] = [
  ['Latin', 'a'],
  ['Han beyond the basic plane', '𠮷'],
  ['emoji of several characters', '👩‍👩‍👧'],
  ['control characters, which JSON escapes', '\u0000\u0001'],
];

const jsonBytes = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;
/** Returns a text of whole units with at most this many code points. */
const ofLength = (unit: string, characters: number) => unit.repeat(Math.floor(characters / Array.from(unit).length));
/** Returns a text of whole units with at most this many bytes of JSON. */
const ofJsonBytes = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / jsonBytes(unit)));

describe('sizes', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  /** Lets the agent send a text in chunks that cut characters. */
  function say(text: string): void {
    const bytes = Buffer.from(text);
    const starts = Array.from({ length: Math.ceil(bytes.length / 9_999) }, (_, index) => index * 9_999);
    app.agent.enqueue({ type: 'chunks', chunks: starts.map((start) => bytes.subarray(start, start + 9_999)) });
  }

  /** Not by `toEqual`, which would print a megabyte. */
  const expectSame = (actual: unknown, expected: string) => expect(actual === expected).toBe(true);

  async function expectItemsFit(chatId: string): Promise<void> {
    for (const item of await readItems(app, chatId)) {
      expect(Buffer.byteLength(Object.values(item).join(''))).toBeLessThan(ITEM_BYTES);
    }
  }

  it.each(SCRIPTS)('keeps a prompt of 32 000 characters: %s', async (_, unit) => {
    const prompt = ofLength(unit, 32_000);
    const { body } = await app.chat({ prompt }).expect(200);
    expectSame(app.agent.invocations.at(-1)?.prompt, prompt);
    expectSame(body.chat.messages[0].content, prompt);
    expectSame((await app.read(body.chat.id)).body.chat.messages[0].content, prompt);
    await app.chat({ prompt: `${prompt}${unit.repeat(2)}` }).expect(400, {
      error: `Field 'prompt' must be at most 32000 characters`,
    });
  });

  it.each(SCRIPTS.slice(1))('keeps a reply of 1 MB byte for byte: %s', async (_, unit) => {
    const text = ofJsonBytes(unit, ANSWER_BYTES);
    const key = { 'idempotency-key': `large ${unit.codePointAt(0)} ${unit.length}` };
    say(text);
    const { body } = await app.chat({ prompt: 'long' }, 'alice', key).expect(200);
    expectSame(body.response, text);
    expectSame(body.chat.messages[1].content, text);
    const { messages } = (await app.read(body.chat.id).expect(200)).body.chat;
    expectSame(messages[1].content, text);
    expect(messages[1]).not.toHaveProperty('status');
    const replay = await app.chat({ prompt: 'long' }, 'alice', key).expect('idempotency-replayed', 'true').expect(200);
    expectSame(replay.body.response, text);
    await expectItemsFit(body.chat.id);
  });

  it('cuts a reply over 1 MB, keeps it as partial, and runs its key again', async () => {
    // One unit has several characters, which are not cut apart.
    const [, unit = ''] = SCRIPTS[2] ?? [];
    const text = ofJsonBytes(unit, ANSWER_BYTES) + unit.repeat(10);
    const chatId = (await app.chat({ prompt: 'first' }).expect(200)).body.chat.id as string;
    const ask = () => app.chat({ prompt: 'too long', chat_id: chatId }, 'alice', { 'idempotency-key': 'too large' });
    say(text);
    expect((await ask().expect(502)).body.error).toBe('The agent failed');
    const kept = (await app.read(chatId).expect(200)).body.chat.messages[3];
    expect(kept.status).toBe('partial');
    expect(text.startsWith(kept.content)).toBe(true);
    expect(kept.content.isWellFormed()).toBe(true);
    // Whole graphemes, so that one of up to 18 bytes may be missing.
    expect(jsonBytes(kept.content)).toBeLessThanOrEqual(ANSWER_BYTES);
    expect(jsonBytes(kept.content)).toBeGreaterThan(ANSWER_BYTES - 24);
    await expectItemsFit(chatId);

    say('short');
    const { body, headers } = await ask().expect(200);
    expect(headers).not.toHaveProperty('idempotency-replayed');
    expect(body.response).toBe('short');
    const statuses = body.chat.messages.slice(2).map(({ status }: { status?: string }) => status);
    expect(statuses).toEqual([undefined, 'partial', undefined, undefined]);
    await ask().expect('idempotency-replayed', 'true').expect(200);
  });

  it('stops the agent once its reply is too large', async () => {
    const before = app.agent.invocations.length;
    app.agent.enqueue({ type: 'chunks', chunks: Array<string>(200).fill('x'.repeat(50_000)), pauseMs: 20 });
    await app.chat({ prompt: 'endless' }).expect(502);
    while (app.agent.invocations[before]?.outcome === 'running') await new Promise((go) => setTimeout(go, 5));
    expect(app.agent.invocations[before]?.outcome).toBe('left');
  });

  it('returns a history of large replies in pages of at most 1.5 MB', async () => {
    let chatId: string | undefined;
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(700_000));
    for (const text of texts) {
      say(text);
      chatId = (await app.chat({ prompt: text.slice(0, 1), chat_id: chatId }).expect(200)).body.chat.id as string;
    }
    const { chat } = (await app.read(String(chatId)).expect(200)).body;
    expect(Buffer.byteLength(JSON.stringify(chat.messages))).toBeLessThanOrEqual(1_500_000);
    const older = (await app.messages(String(chatId), { cursor: chat.next_cursor }).expect(200)).body;
    expect(older).not.toHaveProperty('next_cursor');
    const answers = [...older.messages, ...chat.messages].filter(({ role }) => role === 'assistant');
    expect(answers.map(({ content }) => content.length)).toEqual([700_000, 700_000, 700_000]);
    answers.forEach(({ content }, index) => expectSame(content, texts[index] ?? ''));
  });
});

describe('a prompt as large as the body may be', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ PROMPT_MAX_LENGTH: '100000' });
  });
  afterAll(() => app.close());

  const ROOM = BODY_BYTES - Buffer.byteLength(JSON.stringify({ prompt: '', chat_id: 'x'.repeat(36) }));

  it.each(SCRIPTS)('is kept with its reply: %s', async (_, unit) => {
    const all = ofJsonBytes(unit, ROOM);
    const prompt = Array.from(all).slice(0, 100_000).join('');
    const first = (await app.chat({ prompt }).expect(200)).body.chat;
    const { body } = await app.chat({ prompt, chat_id: first.id }).expect(200);
    expect(body.chat.messages.length + (body.chat.next_cursor ? 2 : 0)).toBe(4);
    expect(body.chat.messages.at(-2).content === prompt).toBe(true);
    expect(body.chat.messages.at(-1).content).toBe(body.response);
  });

  it('gets 413 if the body is one byte too large', async () => {
    const post = (bytes: number) => {
      const body = JSON.stringify({ prompt: 'x'.repeat(90_000) });
      const padded = `${body.slice(0, -1)}${' '.repeat(bytes - body.length)}}`;
      const request = supertest(app.url)
        .post('/chat')
        .set({ id_token: tokenOf('alice') });
      return request.set('content-type', 'application/json').send(padded);
    };
    await post(BODY_BYTES).expect(200);
    await post(BODY_BYTES + 1).expect(413, { error: 'Request body is too large' });
  });
});
