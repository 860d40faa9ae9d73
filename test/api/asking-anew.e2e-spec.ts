import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { BodyMemory } from '../../src/http/body/body-memory.js';
import { listTurns } from '../support/anew-page.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';
import { parseStream } from '../support/ui-stream.js';

const NOT_FOUND = [404, 'Chat not found'] as const;
const INVALID = [400, `Field 'replace_from' is invalid`] as const;

const KIBIBYTE = 1024;
const TOO_LARGE = [413, 'Request body is too large'] as const;
const NO_JSON = [400, 'Request body is not valid JSON'] as const;
/** A body that is whole and has one fault, so no turn begins. */
const NO_ID = [400, `Field 'id' is required`] as const;

const prompt = { role: 'user', parts: [{ type: 'text', text: 'Hello' }] };
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** The text of an object with `fields`, padded to a size in bytes. */
const padded = (fields: object, bytes: number) => {
  const text = JSON.stringify({ ...fields, padding: '' });
  return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - text.length)}"`);
};

let app: ChatApp;
beforeAll(async () => {
  app = await startChatApp({ TURNS_PER_MINUTE: '1000', TURNS_AT_ONCE: '1' });
});
afterAll(() => app.close());

/** The same on both routes. */
describe.each(['/chat', '/chat/stream'])('replace_from on POST %s', (path) => {
  async function send(body: object, headers: Record<string, string> = {}) {
    const response = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { id_token: tokenOf('alice'), 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const raw = await response.text();
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const text = isStream ? parseStream(response.status, response.headers, raw).text : JSON.parse(raw).response;
    return {
      status: response.status,
      error: isStream ? undefined : (JSON.parse(raw).error as string | undefined),
      text: text as string,
      chatId: response.headers.get('chat-id') ?? '',
      turnId: response.headers.get('turn-id') ?? '',
      isReplay: response.headers.get('idempotency-replayed') === 'true',
    };
  }
  /** Opens a chat with three turns. */
  async function begin(): Promise<string> {
    const { chatId } = await send({ prompt: 'one' });
    for (const text of ['two', 'three']) await send({ prompt: text, chat_id: chatId });
    return chatId;
  }
  const turnsOf = (chatId: string) => listTurns(app.url, chatId);
  const callsOf = () => app.agent.invocations.length;

  it('replaces what comes from a message on', async () => {
    const chatId = await begin();
    for (const [place, number, turns] of [
      ['3:user', 4, ['one 1', 'two 2', 'new 4']],
      ['2', 5, ['one 1', 'new 5']],
      ['1:user', 6, ['new 6']],
    ] as const) {
      const { turnId } = await send({ prompt: 'new', chat_id: chatId, replace_from: `${chatId}:${place}` });
      expect([turnId, await turnsOf(chatId)]).toEqual([`${chatId}:${number}`, turns]);
    }
  });

  it('belongs to the request of an Idempotency-Key', async () => {
    const chatId = await begin();
    const body = { prompt: 'new', chat_id: chatId, replace_from: `${chatId}:2` };
    const key = { 'idempotency-key': 'edit' };
    const first = await send(body, key);
    expect(await send(body, key)).toMatchObject({
      status: 200,
      isReplay: true,
      text: first.text,
      turnId: `${chatId}:4`,
    });
    for (const other of [
      { ...body, replace_from: `${chatId}:1` },
      { prompt: 'new', chat_id: chatId },
    ])
      expect(await send(other, key)).toMatchObject({
        status: 422,
        error: 'Idempotency-Key was used with another request',
      });
    await send({ prompt: 'newer', chat_id: chatId, replace_from: `${chatId}:4` });
    expect(await send(body, key)).toMatchObject({ status: 200, isReplay: true, text: first.text });
    expect(await turnsOf(chatId)).toEqual(['one 1', 'newer 5']);
  });

  it.each<[string, object, string]>([
    ['without chat_id', { prompt: 'x', replace_from: 'c:1' }, `Field 'chat_id' is required`],
    ['beside chat_id null', { prompt: 'x', chat_id: null, replace_from: 7 }, `Field 'chat_id' is required`],
    ['a number', { prompt: 'x', chat_id: 'c', replace_from: 1 }, INVALID[1]],
    ['an object', { prompt: 'x', chat_id: 'c', replace_from: {} }, INVALID[1]],
    ['empty', { prompt: 'x', chat_id: 'c', replace_from: '' }, INVALID[1]],
    ['of no turn', { prompt: 'x', chat_id: 'c', replace_from: 'c:x' }, INVALID[1]],
    ['of another chat', { prompt: 'x', chat_id: 'c', replace_from: 'd:1' }, INVALID[1]],
    ['behind a bad chat_id', { prompt: 'x', chat_id: 7, replace_from: 7 }, `Field 'chat_id' must be a string`],
    ['behind a bad prompt', { chat_id: 'c', replace_from: 7 }, `Field 'prompt' is required`],
    ['before other fields', { extra: 1, prompt: 'x', chat_id: 'c', replace_from: 'c:01' }, INVALID[1]],
  ])('is refused %s', async (_name, body, error) => {
    expect(await send(body)).toMatchObject({ status: 400, error });
  });

  // One service handles both routes.
  if (path !== '/chat') return;

  it('gives the agent a new session, which knows what came before', async () => {
    const chatId = await begin();
    const [before] = app.agent.invocations.slice(-1);
    await send({ prompt: 'What did I ask you first?', chat_id: chatId, replace_from: `${chatId}:2` });
    const [call] = app.agent.invocations.slice(-1);
    expect(call?.sessionId).not.toBe(before?.sessionId);
    expect(JSON.stringify(call)).toContain('one');
    expect(JSON.stringify(call)).not.toMatch(/two|three/);
  });

  it('begins no turn for an unknown chat, or a message that is not visible', async () => {
    const chatId = await begin();
    await send({ prompt: 'new', chat_id: chatId, replace_from: `${chatId}:2` });
    const calls = callsOf();
    for (const [id, number, [status, error]] of [
      ['none', 1, NOT_FOUND],
      [chatId, 9, INVALID],
      [chatId, 0, INVALID],
      // It was replaced.
      [chatId, 2, INVALID],
    ] as const) {
      const refused = await send({ prompt: 'new', chat_id: id, replace_from: `${id}:${number}` });
      expect([number, refused]).toMatchObject([number, { status, error, chatId: '', turnId: '' }]);
    }
    expect(callsOf()).toBe(calls);
    // The only place of the user is free.
    expect((await send({ prompt: 'next' })).status).toBe(200);
  });

  it('begins no turn for the answer of a turn that has none', async () => {
    const chatId = await begin();
    await send({ prompt: 'fail [[fault stream-exception after=0 times=9]]', chat_id: chatId });
    const body = { prompt: 'new', chat_id: chatId };
    expect(await send({ ...body, replace_from: `${chatId}:4` })).toMatchObject({
      status: INVALID[0],
      error: INVALID[1],
    });
    await send({ ...body, replace_from: `${chatId}:4:user` });
    expect(await turnsOf(chatId)).toEqual(['one 1', 'two 2', 'three 3', 'new 5']);
  });

  it.each([
    ['fails', '[[fault stream-exception after=0 times=9]]', ['one 1', 'two 2', 'three 3', '4 failed']],
    ['breaks off', '[[fault torn after=2 times=9]]', ['one 1', '4 partial']],
  ])('keeps the old turns or not, if the new one %s', async (_name, directive, turns) => {
    const chatId = await begin();
    await send({ prompt: directive, chat_id: chatId, replace_from: `${chatId}:2` });
    expect((await turnsOf(chatId)).map((turn) => turn.replace(`${directive} `, ''))).toEqual(turns);
  });
});

describe('the body of the AI SDK', () => {
  let callsBefore = 0;
  beforeAll(() => {
    callsBefore = app.agent.invocations.length;
  });
  afterAll(() => {
    expect(app.agent.invocations).toHaveLength(callsBefore);
  });

  const post = async (body: string | object, path = '/chat/stream') => {
    const request = supertest(app.url).post(path).set('id_token', tokenOf('alice'));
    const response = await request.set('content-type', 'application/json').send(body);
    expect(Object.keys(response.body as object)).toEqual(['error']);
    return [response.status, (response.body as { error: string }).error];
  };

  it.each<[string, string, readonly [number, string]]>([
    ['1 MiB of it', padded({ messages: [prompt] }, 1024 * KIBIBYTE), NO_ID],
    ['more than 1 MiB of it', padded({ messages: [prompt] }, 1024 * KIBIBYTE + 1), TOO_LARGE],
    ['1 MiB of its short form', padded({ message: prompt }, 1024 * KIBIBYTE), NO_ID],
    [
      '256 KiB of ours',
      padded({ messages: [prompt], prompt: '' }, 256 * KIBIBYTE),
      [400, `Field 'prompt' is required`],
    ],
    ['more than 256 KiB of ours', padded({ messages: [prompt], prompt: '' }, 256 * KIBIBYTE + 1), TOO_LARGE],
    ['more than 256 KiB of neither', padded({ id: 'c' }, 256 * KIBIBYTE + 1), TOO_LARGE],
    ['64 levels of it', `{"messages":[${JSON.stringify(prompt)}],"deep":${nested(63)}}`, NO_ID],
    ['65 levels of it', `{"messages":[${JSON.stringify(prompt)}],"deep":${nested(64)}}`, NO_JSON],
    ['1 MiB of brackets', `{"messages":${nested(500 * KIBIBYTE)}}`, NO_JSON],
    ['16 levels of ours', `{"prompt":"","deep":${nested(15)}}`, [400, `Field 'prompt' is required`]],
    ['17 levels of ours', `{"prompt":"","deep":${nested(16)}}`, NO_JSON],
    ['17 levels of neither', `{"deep":${nested(16)}}`, NO_JSON],
    ['many small objects', `{"message":[${'{},'.repeat(300_000)}{}]}`, [400, `Field 'messages' is invalid`]],
  ])('has limits of its own: %s', async (_, body, expected) => {
    expect(await post(body)).toEqual(expected);
  });

  it('is read on that route alone', async () => {
    expect(await post({ id: 'c', messages: [prompt] }, '/chat')).toEqual([400, `Field 'prompt' is required`]);
    expect(await post(padded({ messages: [prompt] }, 256 * KIBIBYTE + 1), '/chat')).toEqual(TOO_LARGE);
    expect(await post(`{"messages":${nested(16)}}`, '/chat')).toEqual(NO_JSON);
  });

  it.each<[string, object, string]>([
    ['neither a prompt nor messages', { id: 'c' }, `Field 'prompt' is required`],
    ['messages that are null', { id: 'c', messages: null }, `Field 'prompt' is required`],
    ['a prompt and messages', { id: 'c', prompt: 'x', messages: [prompt] }, `Field 'id' is not allowed`],
    [
      'the answer last',
      { id: 'c', messages: [prompt, { role: 'assistant', parts: [] }] },
      `Field 'messages' is invalid`,
    ],
    ['the answer alone', { id: 'c', message: { role: 'assistant' } }, `Field 'messages' is invalid`],
    [
      'a file',
      { id: 'c', message: { ...prompt, parts: [...prompt.parts, { type: 'file' }] } },
      'Attachments are not supported',
    ],
    ['no text', { id: 'c', messages: [{ role: 'user', parts: [] }] }, `Field 'prompt' is required`],
    ['no id', { messages: [prompt] }, `Field 'id' is required`],
    ['an id with a blank', { id: 'a b', messages: [prompt] }, `Field 'id' is invalid`],
    [
      'a long prompt',
      { id: 'c', message: { role: 'user', parts: [{ type: 'text', text: '👍'.repeat(32_001) }] } },
      `Field 'prompt' must be at most 32000 characters`,
    ],
    ['another anchor', { id: 'c', message: prompt, messageId: 'x', after: 'd:1' }, `Field 'after' is invalid`],
    ['ours with a replace_from alone', { prompt: 'x', replace_from: 'c:1' }, `Field 'chat_id' is required`],
    [
      'ours with another replace_from',
      { prompt: 'x', chat_id: 'c', replace_from: 'd:1' },
      `Field 'replace_from' is invalid`,
    ],
  ])('is refused with %s', async (_, body, error) => {
    expect(await post(body)).toEqual([400, error]);
  });

  it('has no part of the bound of bodies once it is read or refused', async () => {
    const memory = app.nest.get(BodyMemory, { strict: false });
    Object.assign(memory, { limit: 3 * 1024 * KIBIBYTE });
    for (let round = 0; round < 3; round += 1) {
      const bodies = [1024, 1024, 1025].map((size) => post(padded({ messages: [prompt] }, size * KIBIBYTE)));
      expect((await Promise.all(bodies)).map(([status]) => status)).toEqual([400, 400, 413]);
    }
  });
});
