import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';

describe('POST /chat with bad input', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ PROMPT_MAX_LENGTH: '100' });
  });
  afterAll(() => app.close());

  const post = (headers: Record<string, string> = {}) =>
    supertest(app.url).post('/chat').set('id_token', tokenOf('alice')).set(headers);

  it.each<[string, unknown, string]>([
    ['an empty object', {}, `Field 'prompt' is required`],
    ['prompt null', { prompt: null }, `Field 'prompt' is required`],
    ['prompt empty', { prompt: '' }, `Field 'prompt' is required`],
    ['prompt blank', { prompt: ' \n\t\u00a0' }, `Field 'prompt' is required`],
    ['prompt a number', { prompt: 7 }, `Field 'prompt' must be a string`],
    ['prompt an object', { prompt: { toString: 'x' } }, `Field 'prompt' must be a string`],
    ['prompt an array', { prompt: ['x'] }, `Field 'prompt' must be a string`],
    ['prompt false', { prompt: false }, `Field 'prompt' must be a string`],
    ['prompt too long', { prompt: 'x'.repeat(101) }, `Field 'prompt' must be at most 100 characters`],
    ['prompt too long in code points', { prompt: '👍'.repeat(101) }, `Field 'prompt' must be at most 100 characters`],
    ['chat_id a number', { prompt: 'x', chat_id: 7 }, `Field 'chat_id' must be a string`],
    ['chat_id an object', { prompt: 'x', chat_id: {} }, `Field 'chat_id' must be a string`],
    ['chat_id empty', { prompt: 'x', chat_id: '' }, `Field 'chat_id' is invalid`],
    ['chat_id with a #', { prompt: 'x', chat_id: 'a#b' }, `Field 'chat_id' is invalid`],
    ['chat_id too long', { prompt: 'x', chat_id: 'x'.repeat(129) }, `Field 'chat_id' is invalid`],
    ['chat_id a dot', { prompt: 'x', chat_id: '.' }, `Field 'chat_id' is invalid`],
    ['chat_id two dots', { prompt: 'x', chat_id: '..' }, `Field 'chat_id' is invalid`],
    ['chat_id with a new line', { prompt: 'x', chat_id: 'a\n' }, `Field 'chat_id' is invalid`],
    ['replace_from without chat_id', { prompt: 'x', replace_from: 'c:1' }, `Field 'chat_id' is required`],
    [
      'replace_from beside chat_id null',
      { prompt: 'x', chat_id: null, replace_from: 7 },
      `Field 'chat_id' is required`,
    ],
    ['replace_from a number', { prompt: 'x', chat_id: 'c', replace_from: 1 }, `Field 'replace_from' is invalid`],
    ['replace_from an object', { prompt: 'x', chat_id: 'c', replace_from: {} }, `Field 'replace_from' is invalid`],
    ['replace_from empty', { prompt: 'x', chat_id: 'c', replace_from: '' }, `Field 'replace_from' is invalid`],
    ['replace_from of no turn', { prompt: 'x', chat_id: 'c', replace_from: 'c:x' }, `Field 'replace_from' is invalid`],
    [
      'replace_from of another chat',
      { prompt: 'x', chat_id: 'c', replace_from: 'd:1' },
      `Field 'replace_from' is invalid`,
    ],
    ['chat_id before replace_from', { prompt: 'x', chat_id: 7, replace_from: 7 }, `Field 'chat_id' must be a string`],
    ['prompt before replace_from', { chat_id: 'c', replace_from: 7 }, `Field 'prompt' is required`],
    [
      'replace_from before others',
      { extra: 1, prompt: 'x', chat_id: 'c', replace_from: 'c:01' },
      `Field 'replace_from' is invalid`,
    ],
    ['another field', { prompt: 'x', user_id: 'bob' }, `Field 'user_id' is not allowed`],
    ['another field with a null', { prompt: 'x', extra: null }, `Field 'extra' is not allowed`],
    ['prompt before chat_id', { chat_id: 7, prompt: 'x'.repeat(101) }, `Field 'prompt' must be at most 100 characters`],
    ['prompt before others', { extra: 1, chat_id: 7 }, `Field 'prompt' is required`],
    ['chat_id before others', { extra: 1, chat_id: 7, prompt: 'x' }, `Field 'chat_id' must be a string`],
  ])('%s is 400', async (_, body, error) => {
    const answer = await post().send(body as object);
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 400, body: { error } });
  });

  it.each<[string, string, string]>([
    ['a lone surrogate', '{"prompt":"\\ud800"}', `Field 'prompt' is invalid`],
    ['the prototype as a field', '{"prompt":"x","__proto__":{"a":1}}', `Field '__proto__' is not allowed`],
    ['the constructor as a field', '{"prompt":"x","constructor":1}', `Field 'constructor' is not allowed`],
    ['no JSON', '{"prompt":', 'Request body is not valid JSON'],
    ['a JSON array', '[{"prompt":"x"}]', 'Request body is not valid JSON'],
    ['a JSON string', '"prompt"', 'Request body is not valid JSON'],
    ['JSON null', 'null', 'Request body is not valid JSON'],
    ['blanks', '   ', 'Request body is not valid JSON'],
    ['deep nesting', `{"prompt":${'['.repeat(17)}${']'.repeat(17)}}`, 'Request body is not valid JSON'],
    ['20 kB of brackets', `{"prompt":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'Request body is not valid JSON'],
  ])('%s is 400', async (_, text, error) => {
    const answer = await post({ 'content-type': 'application/json' }).send(text);
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 400, body: { error } });
  });

  it.each<[string, Record<string, string>, string | Buffer, number, string]>([
    ['text', { 'content-type': 'text/plain' }, '{"prompt":"x"}', 415, 'Content-Type must be application/json'],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'prompt=x',
      415,
      'Content-Type must be application/json',
    ],
    ...[
      'application/jsonp',
      'application/vnd.api+json',
      'text/json',
      'text/plain; application/json',
      'application/json charset=utf-8',
      'application/json, application/json',
      ';application/json',
    ].map((type): [string, Record<string, string>, string, number, string] => [
      type,
      { 'content-type': type },
      '{"prompt":"x"}',
      415,
      'Content-Type must be application/json',
    ]),
    [
      'a compressed body',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      gzipSync('{"prompt":"x"}'),
      415,
      'Content-Encoding is not supported',
    ],
    [
      'a large body',
      { 'content-type': 'application/json' },
      `{"prompt":"${'x'.repeat(256 * 1024)}"}`,
      413,
      'Request body is too large',
    ],
  ])('%s is refused', async (_, headers, body, status, error) => {
    const request = post(headers);
    request.write(body);
    const answer = await request;
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { error } });
  });

  it('bytes that are no UTF-8 are no JSON', async () => {
    const request = post({ 'content-type': 'application/json' });
    request.write(Buffer.from('7b2270726f6d7074223a2261ff62227d', 'hex'));
    const answer = await request;
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: { error: 'Request body is not valid JSON' },
    });
  });

  it('an empty body in chunks is a missing prompt', async () => {
    const { status, body } = await post({ 'transfer-encoding': 'chunked' });
    expect({ status, body }).toEqual({ status: 400, body: { error: `Field 'prompt' is required` } });
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json; charset=utf8',
    'application/json; charset=latin1',
    'Application/JSON;charset="UTF-8"',
    'application/json;',
    'application/json ; charset=UTF-8; profile="a;b"',
    'application/json;odata.metadata=minimal;q=0.9',
    'application/json\t;,',
  ])('reads %s', async (type) => {
    await post({ 'content-type': type }).send('{"prompt":""}').expect(400, { error: `Field 'prompt' is required` });
  });

  it('no body at all is a missing prompt', async () => {
    const answer = await post();
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: { error: `Field 'prompt' is required` },
    });
  });

  it('accepts the longest prompt, counted in characters', async () => {
    await post()
      .send({ prompt: '👍'.repeat(100) })
      .expect(200);
  });

  it('reports the token before the body, and the route before the token', async () => {
    await supertest(app.url).post('/chat').send({}).expect(401);
    await supertest(app.url)
      .post('/nowhere')
      .set('content-type', 'application/json')
      .send('{')
      .expect(404, { error: 'Not found' });
  });

  it('has asked the agent for the good prompt alone', () => {
    expect(app.agent.invocations).toHaveLength(1);
  });
});
