import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { loadEnvironment } from '../../src/config/environment.js';
import { KEY_PAIR_ALGORITHMS } from '../../src/config/signing-algorithms.js';
import {
  AUDIENCE,
  ISSUER,
  type IssuerKey,
  issuerKey,
  issuerToken,
  serveKeys,
  startKeyServer,
} from '../support/key-server.js';
import { startWhoApp } from '../support/who-app.js';

type Algorithm = IssuerKey['algorithm'];

const ANOTHER_ALGORITHM = 'Invalid id_token: algorithm is not allowed';

/** A service with a key set and algorithms of its own. */
async function startKeySet(keys: readonly Pick<IssuerKey, 'jwk'>[], algorithms = '') {
  const server = await startKeyServer(serveKeys(...keys));
  const issuer = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URI: server.url, JWT_ALGORITHM: algorithms };
  const app = await startWhoApp(loadEnvironment({ AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', ...issuer }));
  return {
    /** Returns `in`, or the error. */
    outcome: async (token: string): Promise<string> => {
      const { status, body } = await supertest(app.getHttpServer()).get('/me').set('id_token', token);
      return status === 200 ? 'in' : body.error;
    },
    close: () => Promise.all([app.close(), server.close()]),
  };
}

/** A token that is signed by the key, but with another algorithm. */
const tokenOf = (key: IssuerKey, algorithm: Algorithm) => issuerToken({ ...key, algorithm });
const withoutAlg = (key: IssuerKey) => ({ jwk: { ...key.jwk, alg: undefined } });
/** The other algorithms with which a key of this type could sign. */
const othersLike = (algorithm: Algorithm) =>
  algorithm.startsWith('ES')
    ? []
    : KEY_PAIR_ALGORITHMS.filter((other) => !other.startsWith('ES') && other !== algorithm);

describe('JWT_ALGORITHM with keys of an issuer', () => {
  const keys = KEY_PAIR_ALGORITHMS.map((algorithm) => issuerKey(`key-${algorithm}`, algorithm));
  const [rsa, pss] = [issuerKey('rsa'), issuerKey('pss', 'PS384')];
  const [small, large] = [issuerKey('small', 'ES256'), issuerKey('large', 'ES512')];
  let services: Readonly<Record<'all' | 'byDefault' | 'some', Awaited<ReturnType<typeof startKeySet>>>>;

  beforeAll(async () => {
    services = {
      all: await startKeySet(keys, KEY_PAIR_ALGORITHMS.join(', ')),
      byDefault: await startKeySet(keys),
      some: await startKeySet([...[rsa, small, large].map(withoutAlg), pss], 'PS256,RS256,ES512'),
    };
  });
  afterAll(() => Promise.all(Object.values(services).map((service) => service.close())));

  it.each(keys)('accepts a key of $algorithm with its own algorithm only', async (key) => {
    expect(await services.all.outcome(issuerToken(key))).toBe('in');
    for (const other of othersLike(key.algorithm))
      expect(await services.all.outcome(tokenOf(key, other))).toBe(ANOTHER_ALGORITHM);
  });

  it.each(keys)('accepts $algorithm by default only if it is RS256 or ES256', async (key) => {
    const isUsual = ['RS256', 'ES256'].includes(key.algorithm);
    expect(await services.byDefault.outcome(issuerToken(key))).toBe(isUsual ? 'in' : ANOTHER_ALGORITHM);
  });

  it('uses a key without alg with the first algorithm of the list that fits, and with no other', async () => {
    expect(await services.some.outcome(tokenOf(rsa, 'PS256'))).toBe('in');
    expect(await services.some.outcome(tokenOf(rsa, 'RS256'))).toBe(ANOTHER_ALGORITHM);
    expect(await services.some.outcome(issuerToken(large))).toBe('in');
  });

  it('refuses algorithms that are not in the list, though the keys fit', async () => {
    expect(await services.some.outcome(issuerToken(small))).toBe(ANOTHER_ALGORITHM);
    expect(await services.some.outcome(issuerToken(pss))).toBe(ANOTHER_ALGORITHM);
    expect(await services.some.outcome(tokenOf(pss, 'PS256'))).toBe(ANOTHER_ALGORITHM);
  });

  it.each(['HS256', 'HS384', 'HS512', 'none', 'EdDSA'])('never takes a public key for a secret: %s', async (alg) => {
    const [head, claims] = issuerToken(rsa, {}, { alg: 'PS256' }).split('.');
    const header = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(head!, 'base64url').toString()), alg }));
    const input = `${header.toString('base64url')}.${claims}`;
    for (const secret of [JSON.stringify(rsa.jwk), String(rsa.jwk['n'])]) {
      const signature = createHmac(`sha${alg.slice(2).replace(/\D+/, '') || '256'}`, secret).update(input);
      expect(await services.all.outcome(`${input}.${signature.digest('base64url')}`)).toBe(ANOTHER_ALGORITHM);
    }
  });
});
