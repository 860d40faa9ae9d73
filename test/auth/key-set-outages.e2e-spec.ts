import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type IssuerKey,
  issuerKey,
  issuerToken,
  type KeyServerBehaviour,
  serveKeys,
  startKeyServer,
} from '../support/key-server.js';
import { KeySetApp, MINUTE, SECOND, UNAVAILABLE, UNKNOWN } from '../support/key-set-app.js';

describe('a key set while its server fails', () => {
  let first: IssuerKey;
  let second: IssuerKey;
  let sut: KeySetApp;

  beforeAll(() => {
    first = issuerKey('first');
    second = issuerKey('second');
  });
  beforeEach(async () => {
    sut = await KeySetApp.start(serveKeys(first));
  });
  afterEach(() => sut.close());

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
          .end(gzipSync(JSON.stringify({ keys: [first.jwk], x: 'x'.repeat(1_000_000) }))),
    ],
    [
      'a torn answer',
      (response) => response.writeHead(200, { 'content-length': 1000 }).write('{"keys":') && response.destroy(),
    ],
    ['a hang-up', (response) => response.destroy()],
  ])('responds 503 on %s, and then asks the server nothing for 5 seconds', async (_, behaviour) => {
    sut.server.behaviour = behaviour;
    const { status, body, headers } = await sut.ask(issuerToken(first)).set('x-request-id', 'r1');
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: 'Signing keys are unavailable', message: 'Try again; request id r1' },
    });
    expect(headers['retry-after']).toMatch(/^[1-5]$/);
    expect(await sut.outcomes(5, issuerToken(first))).toEqual([UNAVAILABLE]);
    expect(sut.server.fetches).toBe(1);

    sut.skip(5 * SECOND);
    sut.server.behaviour = serveKeys(first);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    expect(sut.server.fetches).toBe(2);
  });

  it('follows no redirect', async () => {
    const elsewhere = await startKeyServer(serveKeys(first));
    sut.server.behaviour = (response) => response.writeHead(302, { location: elsewhere.url }).end();
    expect(await sut.outcome(issuerToken(first))).toBe(UNAVAILABLE);
    await elsewhere.close();
    expect([sut.server.fetches, elsewhere.fetches]).toEqual([1, 0]);
  });

  it.each<[string, KeyServerBehaviour]>([
    ['says nothing', () => {}],
    ['stops within the body', (response) => response.writeHead(200).write('{"keys":[')],
  ])('waits 3 seconds, in one fetch for all requests, for a server that %s', async (_, behaviour) => {
    sut.server.behaviour = behaviour;
    const start = performance.now();
    const outcomes = await sut.outcomes(20, issuerToken(first));
    const took = performance.now() - start;
    expect(outcomes).toEqual([UNAVAILABLE]);
    expect(took).toBeGreaterThan(2.9 * SECOND);
    expect(took).toBeLessThan(4.5 * SECOND);
    expect(sut.server.fetches).toBe(1);
  });

  it('uses cached keys during an outage, for six hours at most', async () => {
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    sut.server.behaviour = (response) => response.writeHead(500).end();
    for (const attempts of [2, 3, 4]) {
      sut.skip(11 * MINUTE);
      expect(await sut.outcomes(5, issuerToken(first))).toEqual(['in']);
      await sut.untilFetched(attempts);
      expect(sut.server.fetches).toBe(attempts);
    }
    // The service cannot know now whether the key exists.
    expect(await sut.outcome(issuerToken(second))).toBe(UNAVAILABLE);

    sut.skip(5.2 * 60 * MINUTE);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    sut.skip(0.3 * 60 * MINUTE);
    expect(await sut.outcome(issuerToken(first))).toBe(UNAVAILABLE);
    sut.skip(6 * SECOND);
    sut.server.behaviour = serveKeys(first);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
  });

  describe('once two refreshes in a row are overdue', () => {
    beforeEach(async () => {
      expect(await sut.outcome(issuerToken(first))).toBe('in');
      sut.server.behaviour = (response) => response.writeHead(500).end();
      sut.skip(11 * MINUTE);
      expect(await sut.outcome(issuerToken(first))).toBe('in');
      await sut.untilFetched(2);
      sut.skip(11 * MINUTE);
    });

    it('a request waits for the next refresh, and a withdrawn key is refused', async () => {
      sut.server.behaviour = (response) => setTimeout(() => serveKeys(second)(response), 200);
      const tokens = [first, first, second].map((key) => issuerToken(key));
      expect(await Promise.all(tokens.map((token) => sut.outcome(token)))).toEqual([UNKNOWN, UNKNOWN, 'in']);
      expect(sut.server.fetches).toBe(3);
    });

    it('a request waits at most 3 seconds, and the next request does not wait', async () => {
      sut.server.behaviour = () => {};
      const start = performance.now();
      expect(await sut.outcome(issuerToken(first))).toBe('in');
      const waited = performance.now() - start;
      expect(await sut.outcome(issuerToken(first))).toBe('in');
      expect(waited).toBeGreaterThan(2.9 * SECOND);
      expect(performance.now() - start - waited).toBeLessThan(2 * SECOND);
      expect(sut.server.fetches).toBe(3);
    });
  });

  it('keeps valid keys if the server sends invalid data', async () => {
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    sut.server.behaviour = (response) => response.end('{"keys":[]}');
    sut.skip(11 * MINUTE);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    await sut.untilFetched(2);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
  });
});
