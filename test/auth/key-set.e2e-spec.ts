import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type IssuerKey, issuerKey, issuerToken, serveKeys } from '../support/key-server.js';
import { ANOTHER_ALGORITHM, KeySetApp, MINUTE, SECOND, UNAVAILABLE, UNKNOWN } from '../support/key-set-app.js';

const [first, second] = [issuerKey('first'), issuerKey('second')];
const elliptic = issuerKey('elliptic', 'ES256');

describe('a key set', () => {
  let sut: KeySetApp;
  beforeEach(async () => {
    sut = await KeySetApp.start(serveKeys(first, elliptic));
  });
  afterEach(() => sut.close());

  it('accepts tokens of RS256 and ES256, with one fetch', async () => {
    expect(sut.server.fetches).toBe(0);
    for (const key of [first, elliptic, first]) expect(await sut.outcome(issuerToken(key))).toBe('in');
    expect(sut.server.fetches).toBe(1);
  });

  it('fetches once for 20 concurrent requests on a cold start', async () => {
    sut.server.behaviour = (response) => setTimeout(() => serveKeys(first)(response), 100);
    expect(await sut.outcomes(20, issuerToken(first))).toEqual(['in']);
    expect(sut.server.fetches).toBe(1);
  });

  it('fetches nothing for 10 unknown kids', async () => {
    await sut.outcome(issuerToken(first));
    const stranger = issuerKey('stranger', 'ES256');
    for (let index = 0; index < 10; index += 1) {
      expect(await sut.outcome(issuerToken(stranger, {}, { kid: `unknown-${index}` }))).toBe(UNKNOWN);
    }
    expect(sut.server.fetches).toBe(1);
  });

  it('fetches once for 20 concurrent unknown kids after the cool-down', async () => {
    await sut.outcome(issuerToken(first));
    sut.skip(31 * SECOND);
    const kids = Array.from({ length: 20 }, (_, index) => `unknown-${index}`);
    const outcomes = await Promise.all(kids.map((kid) => sut.outcome(issuerToken(first, {}, { kid }))));
    expect(new Set(outcomes)).toEqual(new Set([UNKNOWN]));
    expect(sut.server.fetches).toBe(2);
  });

  it('follows a rotation: accepts the new key at once, drops the old key at the next refresh', async () => {
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    sut.skip(31 * SECOND);
    sut.server.behaviour = serveKeys(first, second);
    expect(await sut.outcome(issuerToken(second))).toBe('in');
    expect(sut.server.fetches).toBe(2);

    sut.server.behaviour = serveKeys(second);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    sut.skip(10 * MINUTE);
    await sut.outcome(issuerToken(second));
    await sut.untilFetched(3);
    expect(await sut.outcome(issuerToken(first))).toBe(UNKNOWN);
    expect(sut.server.fetches).toBe(3);
  });

  it('never uses keys from the header of a token', async () => {
    const thief = issuerKey('first');
    const header = { jwk: thief.jwk, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/', x5c: ['AAAA'] };
    expect(await sut.outcome(issuerToken(thief, {}, header))).toBe('401 Invalid id_token: signature is invalid');
  });

  it('accepts a key with its own algorithm only', async () => {
    const forPss = { ...first, jwk: { ...first.jwk, alg: 'PS256' } };
    sut.server.behaviour = serveKeys(forPss, elliptic);
    expect(await sut.outcome(issuerToken(first))).toBe(ANOTHER_ALGORITHM);
    expect(await sut.outcome(issuerToken(first, {}, { kid: 'elliptic' }))).toBe(ANOTHER_ALGORITHM);
  });

  it('accepts keys of Entra without alg and use, and a token without kid if only one key matches', async () => {
    sut.server.behaviour = serveKeys({ jwk: { ...first.jwk, alg: undefined, use: undefined } }, elliptic);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    expect(await sut.outcome(issuerToken(first, {}, { kid: undefined }))).toBe('in');
  });

  it('does not guess between keys', async () => {
    sut.server.behaviour = serveKeys(first, second);
    expect(await sut.outcome(issuerToken(first, {}, { kid: undefined }))).toBe(UNKNOWN);
  });

  it('accepts a key that is listed twice, with certificates or without', async () => {
    const certified = { jwk: { ...first.jwk, x5c: ['AAAA'], x5t: 'AAAA', ext: 'yes' } };
    sut.server.behaviour = serveKeys(first, certified, first);
    expect(await sut.outcome(issuerToken(first))).toBe('in');
    expect(await sut.outcome(issuerToken(first, {}, { kid: undefined }))).toBe('in');
    expect(sut.server.fetches).toBe(1);
  });

  it('refuses keys that share an id', async () => {
    sut.server.behaviour = serveKeys(first, { jwk: { ...second.jwk, kid: 'first' } }, elliptic);
    expect(await sut.outcome(issuerToken(first))).toBe(UNKNOWN);
    expect(await sut.outcome(issuerToken(elliptic))).toBe('in');
  });

  it('refuses HS256 with the public key as the secret', async () => {
    const { default: jwt } = await import('jsonwebtoken');
    const forged = jwt.sign({ sub: 'alice' }, JSON.stringify(first.jwk), { algorithm: 'HS256', keyid: 'first' });
    expect(await sut.outcome(forged)).toBe(ANOTHER_ALGORITHM);
    expect(sut.server.fetches).toBe(0);
  });

  it('is refused if it has no usable key, and its server is not asked again', async () => {
    const keys = [null, 1, {}, { ...second.jwk, use: 'enc' }, { ...second.jwk, n: 5 }];
    sut.server.behaviour = (response) => response.end(JSON.stringify({ keys }));
    for (let times = 0; times < 3; times += 1) {
      expect(await sut.outcomes(5, issuerToken(first))).toEqual([UNAVAILABLE]);
    }
    expect(sut.server.fetches).toBe(1);
  });
});

describe('a token', () => {
  let sut: KeySetApp;
  beforeAll(async () => {
    sut = await KeySetApp.start(serveKeys(first, elliptic));
  });
  afterAll(() => sut.close());

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
    ['a text with a zero', { kid: 'first\0' }],
  ])('is refused if its kid is %s', async (_, header) => {
    expect(await sut.outcome(issuerToken(first, {}, header))).toBe(UNKNOWN);
    expect(sut.server.fetches).toBeLessThanOrEqual(1);
  });
});

describe('a key set with keys that cannot be used', () => {
  const oddElliptic = issuerKey('odd', 'ES256');
  const ofRsa = (changes: object) => [second, { ...second.jwk, ...changes }] as const;
  const ofCurve = (changes: object) => [oddElliptic, { ...oddElliptic.jwk, ...changes }] as const;
  const ODD: readonly [name: string, entry: readonly [key: IssuerKey, member: unknown]][] = [
    ['null', [second, null]],
    ['a text', [second, 'second']],
    ['a number', [second, 1]],
    ['a list', [second, [second.jwk]]],
    ['an empty object', [second, {}]],
    ['a key of no type', ofRsa({ kty: undefined })],
    ['a key of two types', ofRsa({ kty: ['RSA'] })],
    ['a secret', ofRsa({ kty: 'oct', k: 'AAAA' })],
    ['a key without a modulus', ofRsa({ n: undefined })],
    ['a key whose modulus is a number', ofRsa({ n: 5 })],
    ['a key whose modulus is no base64', ofRsa({ n: '!' })],
    ['a short key', ((short) => [short, short.jwk] as const)(issuerKey('odd', 'RS256', 1024))],
    ['a key for encryption', ofRsa({ use: 'enc' })],
    ['a key for nothing', ofRsa({ use: null })],
    ['a key that only signs', ofRsa({ key_ops: ['sign'] })],
    ['a key for a text of operations', ofRsa({ key_ops: 'verify' })],
    ['a key whose algorithm is a list', ofRsa({ alg: ['RS256'] })],
    ['a private key', [second, { ...second.privateKey.export({ format: 'jwk' }), kid: 'second', alg: 'RS256' }]],
    ['a key off its curve', ofCurve({ x: oddElliptic.jwk['y'] })],
    ['a key of half a point', ofCurve({ y: undefined })],
    ['a key of a curve that is none', ofCurve({ crv: 'P-257' })],
  ];
  /** Each has the name of its row as its id, because keys of the same id are refused. */
  const members = ODD.map(([kid, [, member]]) =>
    typeof member === 'object' && member !== null && 'kid' in member ? { ...member, kid } : member,
  );
  let sut: KeySetApp;
  beforeAll(async () => {
    const keys = [...members, first.jwk, elliptic.jwk];
    sut = await KeySetApp.start((response) => response.end(JSON.stringify({ keys })));
  });
  afterAll(() => sut.close());

  it.each(ODD)('ignores %s', async (name, [key]) => {
    for (const kid of [name, key.kid]) expect(await sut.outcome(issuerToken(key, {}, { kid }))).toBe(UNKNOWN);
  });

  it('accepts its other keys, after one fetch', async () => {
    for (const good of [first, elliptic]) expect(await sut.outcome(issuerToken(good))).toBe('in');
    expect(sut.server.fetches).toBe(1);
  });
});
