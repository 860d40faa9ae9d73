import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';
import { sendRaw } from '../support/raw-http.js';

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
    ['prompt too long', { prompt: 'x'.repeat(101) }, `Field 'prompt' must be at most 100 characters`],
    ['prompt too long in code points', { prompt: '👍'.repeat(101) }, `Field 'prompt' must be at most 100 characters`],
    ['chat_id a number', { prompt: 'x', chat_id: 7 }, `Field 'chat_id' must be a string`],
    ['chat_id empty', { prompt: 'x', chat_id: '' }, `Field 'chat_id' is invalid`],
    ['chat_id with a #', { prompt: 'x', chat_id: 'a#b' }, `Field 'chat_id' is invalid`],
    ['chat_id too long', { prompt: 'x', chat_id: 'x'.repeat(129) }, `Field 'chat_id' is invalid`],
    ['chat_id a dot', { prompt: 'x', chat_id: '.' }, `Field 'chat_id' is invalid`],
    ['chat_id two dots', { prompt: 'x', chat_id: '..' }, `Field 'chat_id' is invalid`],
    ['chat_id with a new line', { prompt: 'x', chat_id: 'a\n' }, `Field 'chat_id' is invalid`],
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

const BODY = '{"prompt":"said on the wire"}';
const LENGTH = `content-length: ${BODY.length}`;
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const NO_HTTP = [400, 'Request is not valid HTTP'] as const;
const TWO_KEYS = [400, `Header 'Idempotency-Key' is invalid`] as const;
const TWO_TOKENS = [401, 'Invalid id_token: token is malformed'] as const;

describe('requests that two servers could read differently', () => {
  let app: ChatApp;
  const alice = `id_token: ${tokenOf('alice')}`;
  const bob = tokenOf('bob');
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const request = (line: string, headers: readonly string[], body = '') =>
    sendRaw(app.url, [`${line} HTTP/1.1`, 'connection: close', ...headers, '', body].join('\r\n'));
  const get = (...headers: string[]) => request('GET /chats/none', headers);
  const post = (headers: readonly string[], body: string) =>
    request('POST /chat', ['host: x', 'content-type: application/json', alice, ...headers], body);
  const filling = (count: number) => Array.from({ length: count }, (_, index) => `x${index}: y`);

  it('are accepted in their plain form', async () => {
    expect(await get('host: x', alice)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await post([LENGTH], BODY)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await post(['transfer-encoding: Chunked'], CHUNKS)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['GET http://x/chats/none', 'Chat not found'],
    ['GET HTTPS://other.example:8080/chats/none?a=http://[', 'Chat not found'],
    ['GET http://x', 'Not found'],
    ['GET http://x?/chats/none', 'Not found'],
    ['GET //user:p%@x/chats/none', 'Not found'],
    ['OPTIONS *', 'Not found'],
  ])('are taken with any target that RFC 9112 knows: %s', async (line, error) => {
    const answer = await request(line, ['host: x', alice]);
    expect(answer).toMatch(/^HTTP\/1\.1 404 [^]*\r\nx-request-id: /);
    expect(answer).toContain(JSON.stringify({ error }));
    expect(answer).not.toMatch(/x-powered-by/i);
  });

  it.each<[string, () => Promise<string>, readonly [status: number, error: string]]>([
    ['no host', () => get(alice), NO_HTTP],
    ['two hosts', () => get('host: x', 'host: y', alice), NO_HTTP],
    ['the same host twice', () => get('host: x', 'Host: x', alice), NO_HTTP],
    ['two types', () => post(['Content-Type: text/plain', LENGTH], BODY), NO_HTTP],
    ['two keys', () => post([LENGTH, 'idempotency-key: a', 'Idempotency-Key: b'], BODY), TWO_KEYS],
    ['the same key twice', () => post([LENGTH, 'idempotency-key: a', 'idempotency-key: a'], BODY), TWO_KEYS],
    ['an address that cannot be read', () => request('GET http://[/chats/none', ['host: x', alice]), NO_HTTP],
    ['a user in the address', () => request('GET http://user:p%@x/chats/none', ['host: x', alice]), NO_HTTP],
    ['an address without a host', () => request('GET http:/chats/none', ['host: x', alice]), NO_HTTP],
    ['an address of another scheme', () => request('GET ftp://x/chats/none', ['host: x', alice]), NO_HTTP],
    ['no path', () => request('GET chats/none', ['host: x', alice]), NO_HTTP],
    ['an asterisk for a path', () => request('GET *', ['host: x', alice]), NO_HTTP],
    ['a folded header', () => get('host: x', 'x: y', ` ${alice}`), NO_HTTP],
    ['a folded token', () => get('host: x', alice.replace('.', '\r\n .')), NO_HTTP],
    ['a blank before the colon', () => get('host: x', alice.replace(':', ' :')), NO_HTTP],
    [
      'lines that end with LF alone',
      () => sendRaw(app.url, `GET /chats/none HTTP/1.1\nhost: x\n${alice}\n\n`),
      NO_HTTP,
    ],
    [
      'another token behind 2100 headers',
      () => get('host: x', alice, ...filling(2100), `id_token: ${bob}`),
      TWO_TOKENS,
    ],
    [
      'another bearer behind 2100 headers',
      () => get('host: x', alice, ...filling(2100), `authorization: Bearer ${bob}`),
      TWO_TOKENS,
    ],
    ['an expectation', () => post([LENGTH, 'expect: magic'], BODY), [417, 'Expect is not supported']],
    ['chunks, then identity', () => post(['transfer-encoding: chunked, identity'], CHUNKS), NO_HTTP],
    ['compressed chunks', () => post(['transfer-encoding: gzip, chunked'], CHUNKS), NO_HTTP],
    ['almost chunks', () => post(['transfer-encoding: xchunked'], CHUNKS), NO_HTTP],
    ['chunks twice', () => post(['transfer-encoding: chunked', 'transfer-encoding: chunked'], CHUNKS), NO_HTTP],
    ['chunks behind a tab, and a length', () => post(['transfer-encoding:\tchunked', LENGTH], CHUNKS), NO_HTTP],
    ['chunks before a blank, and a length', () => post(['transfer-encoding : chunked', LENGTH], CHUNKS), NO_HTTP],
    ['a length with a sign', () => post([`content-length: +${BODY.length}`], BODY), NO_HTTP],
    ['a length in hex', () => post(['content-length: 0x1d'], BODY), NO_HTTP],
    ['a list of lengths', () => post([`content-length: ${BODY.length}, ${BODY.length}`], BODY), NO_HTTP],
    ['a chunk of no number', () => post(['transfer-encoding: chunked'], `zz\r\n${CHUNKS}`), NO_HTTP],
    ['a chunk of 2^72 bytes', () => post(['transfer-encoding: chunked'], `ffffffffffffffffff\r\n${BODY}`), NO_HTTP],
    [
      'a chunk with an extension of 20 KB',
      () => post(['transfer-encoding: chunked'], CHUNKS.replace('\r\n', `;${'x'.repeat(20_000)}\r\n`)),
      NO_HTTP,
    ],
  ])('are refused in the form of every error: %s', async (_, send, [status, error]) => {
    const before = app.agent.invocations.length;
    const answer = await send();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/);
    expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(JSON.stringify({ error }));
    expect(app.agent.invocations).toHaveLength(before);
  });

  it('cannot have a token in a trailer or another method in a header', async () => {
    const headers = ['host: x', 'content-type: application/json', 'transfer-encoding: chunked', 'trailer: id_token'];
    const trailed = await request('POST /chat', headers, CHUNKS.replace('0\r\n\r\n', `0\r\n${alice}\r\n\r\n`));
    expect(trailed).toContain('Invalid id_token: token is missing');
    const { id } = (await app.chat({ prompt: 'to be kept' }).expect(200)).body.chat;
    await request(`GET /chats/${id}`, ['host: x', alice, 'x-http-method-override: DELETE', 'x-http-method: DELETE']);
    await app.read(id).expect(200);
  });

  describe('while a response is outstanding', () => {
    const head = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, ...headers, '', ''].join('\r\n');
    const good = (path: string, body = BODY) =>
      head(`POST ${path}`, 'host: x', 'content-type: application/json', alice, `content-length: ${body.length}`) + body;

    it('get their own response after it, and everything later is ignored', async () => {
      const before = app.agent.invocations.length;
      app.agent.enqueue({ type: 'delay', milliseconds: 300 });
      const answer = await sendRaw(app.url, good('/chat') + head('GET /chats/none', alice) + good('/chat'));
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
      expect(answer.slice(answer.lastIndexOf('\r\n\r\n') + 4)).toBe(JSON.stringify({ error: NO_HTTP[1] }));
      expect(app.agent.invocations).toHaveLength(before + 1);
    });

    it.each<[string, string]>([
      ['what is no HTTP', 'HELLO\r\n\r\n'],
      ['headers that are too large', head('GET /', 'host: x', `x: ${'x'.repeat(70_000)}`)],
    ])('write nothing into a stream: %s', async (_, text) => {
      app.agent.enqueue({ type: 'chunks', chunks: ['one ', 'two ', 'three'], pauseMs: 200 });
      const sequel = { after: '"text-delta"', text };
      const answer = await sendRaw(app.url, good('/chat/stream'), { sequel, isCut: true });
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
      expect(answer).not.toContain('"error"');
    });

    it('write nothing instead of it', async () => {
      app.agent.enqueue({ type: 'delay', milliseconds: 300 });
      expect(await sendRaw(app.url, `${good('/chat')}HELLO\r\n\r\n`)).toBe('');
    });
  });
});
