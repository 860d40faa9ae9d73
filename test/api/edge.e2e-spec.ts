import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { sendRaw } from '../support/raw-http.js';
import { tokenOf } from '../support/tokens.js';

const ORIGIN = 'https://app.example.com';
const ORIGINS = [ORIGIN, 'http://localhost:5173', 'capacitor://localhost', 'chrome-extension://abcdefghijklmnop'];
/** Longest value that fits beside the other headers of these requests. */
const LONG = 60_000;

describe('the edge', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ CORS_ORIGINS: ORIGINS.join(', '), CORS_HEADERS: 'traceparent, Sentry-Trace' });
  });
  afterAll(async () => {
    await app.chat({ prompt: 'the door stood' }).expect(200);
    await app.close();
  });

  const preflight = (origin: string) =>
    supertest(app.url)
      .options('/chat')
      .set({ origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'id_token' });

  describe('for pages of other origins', () => {
    it.each(ORIGINS)('answers the preflight of %s without a token', async (origin) => {
      const { headers } = await preflight(origin).expect(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET,POST,PATCH,DELETE',
        'access-control-allow-headers':
          'id_token,authorization,content-type,idempotency-key,supersede,x-request-id,user-agent,traceparent,sentry-trace',
        'access-control-max-age': '600',
      });
      expect(headers['vary']).toMatch(/origin/i);
      expect(headers['x-request-id']).toMatch(/./);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    });

    it('lets them read responses, errors and the documented headers', async () => {
      const good = await app.chat({ prompt: 'x' }, 'alice', { origin: ORIGIN }).expect(200);
      const bad = await supertest(app.url).post('/chat').set('origin', ORIGIN).expect(401);
      for (const { headers } of [good, bad]) {
        expect(headers).toMatchObject({
          'access-control-allow-origin': ORIGIN,
          'access-control-expose-headers':
            'x-request-id,idempotency-replayed,retry-after,chat-id,turn-id,x-vercel-ai-ui-message-stream',
        });
      }
    });

    it.each([
      'https://evil.example',
      'https://app.example.com.evil.example',
      'http://app.example.com',
      'capacitor://localhost.evil.example',
      'ionic://localhost',
      'null',
    ])('allows %s nothing', async (origin) => {
      const { headers } = await preflight(origin);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    });

    it('allows no origin by default', async () => {
      const closed = await startChatApp();
      const answers = [
        await supertest(closed.url).options('/chat').set({ origin: ORIGIN, 'access-control-request-method': 'POST' }),
        await closed.chat({ prompt: 'x' }, 'alice', { origin: ORIGIN }),
      ];
      await closed.close();
      expect(answers.map(({ status }) => status)).toEqual([404, 200]);
      for (const { headers } of answers) expect(JSON.stringify(headers)).not.toContain('access-control');
    });
  });

  it('tells browsers to treat every response as JSON and nothing else', async () => {
    for (const answer of [await app.chat({ prompt: 'x' }), await supertest(app.url).get('/nowhere')]) {
      expect(answer.headers).toMatchObject({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      });
      expect(answer.headers).not.toHaveProperty('x-powered-by');
    }
  });

  describe('the headers of a request', () => {
    it.each([8_193, 20_000, 60_000])('are read far enough to call a token of %d bytes too large', async (size) => {
      const answer = await supertest(app.url).post('/chat').set('id_token', 'x'.repeat(size)).send({ prompt: 'x' });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 401,
        body: { error: 'Invalid id_token: token is too large' },
      });
    });

    it.each<[string, string, number, string]>([
      [
        'more than 64 KiB',
        `GET / HTTP/1.1\r\nhost: x\r\nid_token: ${'x'.repeat(70_000)}\r\n\r\n`,
        431,
        'Request headers are too large',
      ],
      ['what is no HTTP', 'HELLO\r\n\r\n', 400, 'Request is not valid HTTP'],
      ['a zero in a header', 'GET / HTTP/1.1\r\nhost: x\r\nid_token: a\0b\r\n\r\n', 400, 'Request is not valid HTTP'],
      [
        'two lengths',
        'POST /chat HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
        400,
        'Request is not valid HTTP',
      ],
      [
        'a length and chunks',
        'POST /chat HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
        'Request is not valid HTTP',
      ],
    ])('with %s are refused in the form of every error', async (_, text, status, error) => {
      const answer = await sendRaw(app.url, text);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/);
      expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(JSON.stringify({ error }));
    });
  });

  describe('a body that nobody waits for', () => {
    const head = (...headers: string[]) =>
      ['POST /chat HTTP/1.1', 'host: x', `id_token: ${tokenOf('alice')}`, ...headers, '', ''].join('\r\n');
    const JSON_TYPE = 'content-type: application/json';
    const CHUNKED = 'transfer-encoding: chunked';
    const TOO_LARGE = [413, 'Request body is too large'] as const;
    const NO_JSON = [415, 'Content-Type must be application/json'] as const;
    const chunkOf = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

    it.each<[string, string, readonly [number, string]]>([
      ['says it is large', `${head(JSON_TYPE, 'content-length: 999999999')}{"prompt":`, TOO_LARGE],
      ['is large in the end', head(JSON_TYPE, CHUNKED) + chunkOf(262_144) + chunkOf(1), TOO_LARGE],
      ['is of another type and does not end', head('content-type: text/plain', CHUNKED) + chunkOf(1), NO_JSON],
    ])('%s: is refused without its rest, and hung up on', async (_, text, [status, error]) => {
      const start = performance.now();
      const answer = await sendRaw(app.url, text);
      expect(performance.now() - start).toBeLessThan(2_000);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      expect(answer).toContain(JSON.stringify({ error }));
    });

    it('is refused before it is sent, if its type is wrong and its length is known', async () => {
      const answer = await sendRaw(app.url, head('content-type: text/plain', 'content-length: 9', 'connection: close'));
      expect(answer).toMatch(/^HTTP\/1\.1 415 /);
    });
  });

  it.each<[string, Record<string, string>, number]>([
    ['blanks in a content type', { 'content-type': `application/json${' '.repeat(LONG)}x` }, 415],
    ['blanks before a charset', { 'content-type': `application/json;${' '.repeat(LONG)}x` }, 400],
    ['blanks behind a charset', { 'content-type': `application/json;charset=utf-8${' '.repeat(LONG)}x` }, 400],
    ['blanks behind its semicolon', { 'content-type': `application/json;charset=utf-8;${' '.repeat(LONG)}x` }, 400],
    ['tabs and blanks', { 'content-type': `application/json${'\t '.repeat(LONG / 2)}x` }, 415],
    ['semicolons', { 'content-type': `application/json${';'.repeat(LONG)}` }, 400],
    ['charsets', { 'content-type': `application/json${';charset=utf-8'.repeat(LONG / 14)}` }, 400],
    ['quotes', { 'content-type': `application/json;charset=${'"'.repeat(LONG)}` }, 400],
    ['blanks behind a scheme', { id_token: '', authorization: `Bearer${' '.repeat(LONG)}x` }, 401],
    ['commas and blanks in a scheme', { id_token: '', authorization: `Bearer x${', '.repeat(LONG / 2)}x` }, 401],
    ['schemes', { id_token: '', authorization: 'Bearer x,'.repeat(LONG / 9) }, 401],
    ['commas in a token', { id_token: ','.repeat(LONG) }, 401],
    ['blanks in a token', { id_token: `x${' '.repeat(LONG)}x` }, 401],
    ['dots in a token', { id_token: '.'.repeat(LONG) }, 401],
    ['blanks in a key', { 'idempotency-key': `x${' '.repeat(LONG)}x` }, 400],
    ['letters in a request id', { 'x-request-id': `${'x'.repeat(LONG)}!` }, 400],
    ['commas in an origin', { origin: `${ORIGIN}${','.repeat(LONG)}` }, 400],
  ])('reads 60 kB of %s at once', async (_, headers, status) => {
    const start = performance.now();
    const answer = await supertest(app.url)
      .post('/chat')
      .set({ 'content-type': 'application/json', id_token: tokenOf('alice'), ...headers })
      .send('{"prompt":"","chat_id":7}');
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(answer.status).toBe(status);
  });

  it.each<[string, string, string]>([
    [
      '22,000 fields',
      `{"prompt":"x",${Array.from({ length: 22_000 }, (_, index) => `"f${index}":1`).join(',')}}`,
      `Field 'f0' is not allowed`,
    ],
    ['85,000 objects', `{"prompt":[${'{},'.repeat(84_999)}{}]}`, `Field 'prompt' must be a string`],
    ['85,000 lists', `{"prompt":"x","chat_id":[${'[],'.repeat(84_999)}[]]}`, `Field 'chat_id' must be a string`],
    ['a long name', `{"prompt":"x","${'n'.repeat(200_000)}":1}`, `Field '${'n'.repeat(100)}…' is not allowed`],
    ['a long name of emoji', `{"prompt":"x","${'👍'.repeat(101)}":1}`, `Field '${'👍'.repeat(100)}…' is not allowed`],
    ['a name of 100', `{"prompt":"x","${'👍'.repeat(100)}":1}`, `Field '${'👍'.repeat(100)}' is not allowed`],
  ])('says in few words what is wrong with %s', async (_, text, error) => {
    const headers = { id_token: tokenOf('alice'), 'content-type': 'application/json' };
    const answer = await supertest(app.url).post('/chat').set(headers).send(text);
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 400, body: { error } });
  });

  it.each([
    ['brackets', '['.repeat(120_000) + ']'.repeat(120_000)],
    ['objects', '{"a":'.repeat(40_000) + '1' + '}'.repeat(40_000)],
  ])('reads 240 kB of %s without breaking', async (_, value) => {
    const answer = await supertest(app.url)
      .post('/chat')
      .set({ id_token: tokenOf('alice'), 'content-type': 'application/json' })
      .send(`{"prompt":${value}}`);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: { error: 'Request body is not valid JSON' },
    });
  });
});
