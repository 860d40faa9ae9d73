import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import {
  AUDIENCE,
  ISSUER,
  type IssuerKey,
  issuerKey,
  issuerToken,
  type KeyServer,
  type KeyServerBehaviour,
  serveKeys,
  startKeyServer,
} from './support/key-server.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('keys by URL', () => {
  let first: IssuerKey;
  let second: IssuerKey;
  let elliptic: IssuerKey;
  let app: ChatApp;
  let server: KeyServer;
  let skipped = 0;

  beforeAll(() => {
    first = issuerKey('first');
    second = issuerKey('second');
    elliptic = issuerKey('elliptic', 'ES256');
  });
  beforeEach(async () => {
    server = await startKeyServer(serveKeys(first, elliptic));
    app = await startChatApp({
      JWT_SECRET_KEY: '',
      JWT_JWKS_URI: server.url,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    });
    skipped = 0;
    const realNow = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => realNow() + skipped);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
    await server.close();
  });

  const ask = (token: string) => supertest(app.url).get('/chats/none').set('id_token', token);
  const outcome = async (token: string) => {
    const { status, body } = await ask(token);
    return status === 404 ? 'in' : `${status} ${body.error}`;
  };
  const UNKNOWN = '401 Invalid id_token: signing key is unknown';
  const UNAVAILABLE = '503 Signing keys are unavailable';

  it('lets in tokens of RS256 and ES256, with one fetch', async () => {
    expect(server.fetches).toBe(0);
    for (const key of [first, elliptic, first]) expect(await outcome(issuerToken(key))).toBe('in');
    expect(server.fetches).toBe(1);
  });

  it('fetches once for 20 requests at once on a cold start', async () => {
    server.behaviour = (response) => setTimeout(() => serveKeys(first)(response), 100);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(issuerToken(first))));
    expect(outcomes).toEqual(Array<string>(20).fill('in'));
    expect(server.fetches).toBe(1);
  });

  it('fetches no more for 50 unknown kids', async () => {
    await outcome(issuerToken(first));
    const stranger = issuerKey('stranger', 'ES256');
    for (let index = 0; index < 50; index += 1) {
      expect(await outcome(issuerToken(stranger, {}, { kid: `unknown-${index}` }))).toBe(UNKNOWN);
    }
    expect(server.fetches).toBe(1);
  });

  it('fetches once for 50 unknown kids at once after the cool-down', async () => {
    await outcome(issuerToken(first));
    skipped += 31 * SECOND;
    const kids = Array.from({ length: 50 }, (_, index) => `unknown-${index}`);
    const outcomes = await Promise.all(kids.map((kid) => outcome(issuerToken(first, {}, { kid }))));
    expect(new Set(outcomes)).toEqual(new Set([UNKNOWN]));
    expect(server.fetches).toBe(2);
  });

  it('follows a rotation: the new key is found at once, the old one goes with the next refresh', async () => {
    expect(await outcome(issuerToken(first))).toBe('in');
    skipped += 31 * SECOND;
    server.behaviour = serveKeys(first, second);
    expect(await outcome(issuerToken(second))).toBe('in');
    expect(server.fetches).toBe(2);

    server.behaviour = serveKeys(second);
    expect(await outcome(issuerToken(first))).toBe('in');
    skipped += 10 * MINUTE;
    await outcome(issuerToken(second));
    await until(() => server.fetches === 3);
    expect(await outcome(issuerToken(first))).toBe(UNKNOWN);
    expect(server.fetches).toBe(3);
  });

  it.each<[string, KeyServerBehaviour]>([
    ['500', (response) => response.writeHead(500).end()],
    [
      '404 with keys',
      (response) => {
        response.statusCode = 404;
        serveKeys(first)(response);
      },
    ],
    ['HTML', (response) => response.setHeader('content-type', 'text/html').end('<html>Sign in</html>')],
    ['an empty set', (response) => response.end('{"keys":[]}')],
    [
      'keys that sign nothing',
      (response) => response.end('{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","use":"enc"}]}'),
    ],
    ['members that are no keys', (response) => response.end('{"keys":[null,1,"x"]}')],
    ['JSON null', (response) => response.end('null')],
    [
      'a set that is too large',
      (response) => response.end(JSON.stringify({ keys: [first.jwk], x: 'x'.repeat(300_000) })),
    ],
    [
      'a set that is too large once inflated',
      (response) =>
        response
          .setHeader('content-encoding', 'gzip')
          .end(gzipSync(JSON.stringify({ keys: [first.jwk], x: 'x'.repeat(50_000_000) }))),
    ],
    [
      'a torn answer',
      (response) => response.writeHead(200, { 'content-length': 1000 }).write('{"keys":') && response.destroy(),
    ],
    ['a hang-up', (response) => response.destroy()],
  ])('is 503 on %s; then the server is left alone for 5 seconds', async (_, behaviour) => {
    server.behaviour = behaviour;
    const { status, body, headers } = await ask(issuerToken(first)).set('x-request-id', 'r1');
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: 'Signing keys are unavailable', message: 'Try again; request id r1' },
    });
    expect(headers['retry-after']).toMatch(/^[1-5]$/);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(issuerToken(first))));
    expect(new Set(outcomes)).toEqual(new Set([UNAVAILABLE]));
    expect(server.fetches).toBe(1);

    skipped += 5 * SECOND;
    server.behaviour = serveKeys(first);
    expect(await outcome(issuerToken(first))).toBe('in');
    expect(server.fetches).toBe(2);
  });

  it('follows no redirect', async () => {
    const elsewhere = await startKeyServer(serveKeys(first));
    server.behaviour = (response) => response.writeHead(302, { location: elsewhere.url }).end();
    expect(await outcome(issuerToken(first))).toBe(UNAVAILABLE);
    await elsewhere.close();
    expect([server.fetches, elsewhere.fetches]).toEqual([1, 0]);
  });

  it.each<[string, KeyServerBehaviour]>([
    ['says nothing', () => {}],
    ['stops within the body', (response) => response.writeHead(200).write('{"keys":[')],
  ])('waits 3 seconds for a server that %s, once for all', async (_, behaviour) => {
    server.behaviour = behaviour;
    const start = performance.now();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(issuerToken(first))));
    const took = performance.now() - start;
    expect(new Set(outcomes)).toEqual(new Set([UNAVAILABLE]));
    expect(took).toBeGreaterThan(2.9 * SECOND);
    expect(took).toBeLessThan(4.5 * SECOND);
    expect(server.fetches).toBe(1);
  });

  it('lives through an outage on warm keys, for six hours and no longer', async () => {
    expect(await outcome(issuerToken(first))).toBe('in');
    server.behaviour = (response) => response.writeHead(500).end();
    for (const attempts of [2, 3, 4]) {
      skipped += 11 * MINUTE;
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(issuerToken(first))));
      expect(new Set(outcomes)).toEqual(new Set(['in']));
      await until(() => server.fetches === attempts);
      expect(server.fetches).toBe(attempts);
    }
    // Whether there is such a key cannot be known now.
    expect(await outcome(issuerToken(second))).toBe(UNAVAILABLE);

    skipped += 5.2 * 60 * MINUTE;
    expect(await outcome(issuerToken(first))).toBe('in');
    skipped += 0.3 * 60 * MINUTE;
    expect(await outcome(issuerToken(first))).toBe(UNAVAILABLE);
    skipped += 6 * SECOND;
    server.behaviour = serveKeys(first);
    expect(await outcome(issuerToken(first))).toBe('in');
  });

  describe('once two refreshes in a row are overdue', () => {
    beforeEach(async () => {
      expect(await outcome(issuerToken(first))).toBe('in');
      server.behaviour = (response) => response.writeHead(500).end();
      skipped += 11 * MINUTE;
      expect(await outcome(issuerToken(first))).toBe('in');
      await until(() => server.fetches === 2);
      skipped += 11 * MINUTE;
    });

    it('a request waits for the next one, and a key withdrawn meanwhile no longer gets in', async () => {
      server.behaviour = (response) => setTimeout(() => serveKeys(second)(response), 200);
      const tokens = [first, first, second].map((key) => issuerToken(key));
      expect(await Promise.all(tokens.map(outcome))).toEqual([UNKNOWN, UNKNOWN, 'in']);
      expect(server.fetches).toBe(3);
    });

    it('a request waits 3 seconds at most, and the next one not at all', async () => {
      server.behaviour = () => {};
      const start = performance.now();
      expect(await outcome(issuerToken(first))).toBe('in');
      const waited = performance.now() - start;
      expect(await outcome(issuerToken(first))).toBe('in');
      expect(waited).toBeGreaterThan(2.9 * SECOND);
      expect(performance.now() - start - waited).toBeLessThan(2 * SECOND);
      expect(server.fetches).toBe(3);
    });
  });

  it('keeps good keys when the server sends rubbish', async () => {
    expect(await outcome(issuerToken(first))).toBe('in');
    server.behaviour = (response) => response.end('{"keys":[]}');
    skipped += 11 * MINUTE;
    expect(await outcome(issuerToken(first))).toBe('in');
    await until(() => server.fetches === 2);
    expect(await outcome(issuerToken(first))).toBe('in');
  });

  it.each<[string, object]>([
    ['a path', { kid: '../../etc/keys' }],
    ['a URL', { kid: 'http://127.0.0.1:1/keys' }],
    ['a prototype key', { kid: '__proto__' }],
    ['another prototype key', { kid: 'constructor' }],
    ['nothing', { kid: '' }],
    ['a number', { kid: 1 }],
    ['null', { kid: null }],
    ['a list', { kid: ['first'] }],
    ['an object', { kid: { toString: 'first' } }],
    ['too long', { kid: 'k'.repeat(600) }],
    ['with a zero', { kid: 'first\0' }],
  ])('does not know a kid that is %s', async (_, header) => {
    expect(await outcome(issuerToken(first, {}, header))).toBe(UNKNOWN);
    expect(server.fetches).toBeLessThanOrEqual(1);
  });

  it('never looks at keys that the token brings along', async () => {
    const thief = issuerKey('first');
    const header = { jwk: thief.jwk, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/', x5c: ['AAAA'] };
    expect(await outcome(issuerToken(thief, {}, header))).toBe('401 Invalid id_token: signature is invalid');
  });

  it('holds a key to its own algorithm', async () => {
    const forPss = { ...first, jwk: { ...first.jwk, alg: 'PS256' } };
    server.behaviour = serveKeys(forPss, elliptic);
    expect(await outcome(issuerToken(first))).toBe('401 Invalid id_token: algorithm is not allowed');
    expect(await outcome(issuerToken(first, {}, { kid: 'elliptic' }))).toBe(
      '401 Invalid id_token: algorithm is not allowed',
    );
  });

  it('takes keys without alg and use, as Entra sends them, and a token without kid where one key is meant', async () => {
    server.behaviour = serveKeys({ jwk: { ...first.jwk, alg: undefined, use: undefined } }, elliptic);
    expect(await outcome(issuerToken(first))).toBe('in');
    expect(await outcome(issuerToken(first, {}, { kid: undefined }))).toBe('in');
  });

  it('does not guess between keys', async () => {
    server.behaviour = serveKeys(first, second);
    expect(await outcome(issuerToken(first, {}, { kid: undefined }))).toBe(UNKNOWN);
  });

  it('refuses short RSA keys and keys for encryption', async () => {
    const short = issuerKey('short', 'RS256', 1024);
    server.behaviour = serveKeys(first, short, { jwk: { ...second.jwk, use: 'enc' } });
    expect(await outcome(issuerToken(short))).toBe(UNKNOWN);
    expect(await outcome(issuerToken(second))).toMatch(/^401/);
  });

  it('refuses HS256 with the public key as the secret', async () => {
    const { default: jwt } = await import('jsonwebtoken');
    const forged = jwt.sign({ sub: 'alice' }, JSON.stringify(first.jwk), { algorithm: 'HS256', keyid: 'first' });
    expect(await outcome(forged)).toBe('401 Invalid id_token: algorithm is not allowed');
    expect(server.fetches).toBe(0);
  });
});

/** For what a request has set going and does not wait for. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
}
