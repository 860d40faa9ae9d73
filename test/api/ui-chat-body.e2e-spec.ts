import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { BodyMemory } from '../../src/http/body/body-memory.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';

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

describe('the body of the AI SDK', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(async () => {
    expect(app.agent.invocations).toEqual([]);
    await app.close();
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
