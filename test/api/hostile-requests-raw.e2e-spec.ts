import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { sendRaw } from '../support/raw-http.js';
import { tokenOf } from '../support/tokens.js';

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
