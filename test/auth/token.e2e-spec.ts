import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { SECRET } from '../support/tokens.js';
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
  type KeyServer,
} from '../support/key-server.js';
import { startWhoApp, type WhoApp } from '../support/who-app.js';
import { documentedLines, ISSUER_SAMPLES, type IssuerSample } from '../support/issuer-tokens.js';

const NOW = Math.floor(Date.now() / 1000);
const CLAIMS = { sub: 'alice', email: 'alice@example.com', username: 'alice', exp: NOW + 600, iss: 'us', aud: 'chat' };

/** Returns a valid token with these claims replaced; undefined removes a claim. */
function signed(claims: object = {}, header: object = {}, secret = SECRET): Promise<string> {
  const payload = JSON.parse(JSON.stringify({ ...CLAIMS, ...claims })) as Record<string, unknown>;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .sign(new TextEncoder().encode(secret), { crit: { exotic: true } });
}

describe.each([
  ['post', '/chat'],
  ['get', '/chats/any'],
] as const)('the token of %s %s', (method, path) => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ JWT_ISSUER: 'us', JWT_AUDIENCE: 'app, chat' });
  });
  afterAll(() => app.close());

  const send = (headers: Record<string, string>) => supertest(app.url)[method](path).set(headers);

  it.each<[string, () => Promise<string> | string]>([
    ['token is missing', () => ''],
    ['token is malformed', () => 'no-token'],
    ['token is malformed', async () => `${await signed()}=`],
    ['token is too large', () => signed({ padding: 'x'.repeat(7000) })],
    ['token type is not allowed', () => signed({}, { typ: 'at+jwt' })],
    ['algorithm is not allowed', () => signed({}, { alg: 'HS512' })],
    ['algorithm is not allowed', () => new UnsecuredJWT(CLAIMS).encode()],
    ['critical header is not supported', () => signed({}, { crit: ['exotic'], exotic: 1 })],
    ['signature is invalid', () => signed({}, {}, `${SECRET}!`)],
    ['signature is invalid', () => signed({ exp: 1 }, {}, `${SECRET}!`)],
    ['token has expired', () => signed({ exp: NOW - 1 })],
    ['token is not yet valid', () => signed({ nbf: NOW + 60 })],
    ['issuer is invalid', () => signed({ iss: 'them' })],
    ['issuer is invalid', () => signed({ iss: undefined })],
    ['audience is invalid', () => signed({ aud: ['others'] })],
    [`claim 'exp' is required`, () => signed({ exp: undefined })],
    [`claim 'exp' is invalid`, () => signed({ exp: 'tomorrow' })],
    [`claim 'iat' is invalid`, () => signed({ iat: NOW + 120 })],
    [`claim 'token_use' is invalid`, () => signed({ token_use: 'access' })],
    [`claim 'email' is required`, () => signed({ email: '' })],
    [`claim 'email' is invalid`, () => signed({ email: 'alice' })],
    [`claim 'username' is required`, () => signed({ username: null })],
    [`claim 'username' is invalid`, () => signed({ username: ['alice'] })],
    [`claim 'sub' is invalid`, () => signed({ sub: 'a#b' })],
    [`claim 'sub' is required`, () => signed({ sub: '' })],
  ])('is refused: %s', async (reason, token) => {
    const answer = await send({ id_token: await token() });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 401,
      body: { error: `Invalid id_token: ${reason}` },
    });
  });

  it('is refused if two different tokens come', async () => {
    const answer = await send({ id_token: await signed(), authorization: `Bearer ${await signed({ sub: 'bob' })}` });
    expect(answer.body).toEqual({ error: 'Invalid id_token: token is malformed' });
  });

  it('is ignored in a query and in a cookie', async () => {
    const token = await signed();
    const answer = await supertest(app.url)[method](`${path}?id_token=${token}`).set('cookie', `id_token=${token}`);
    expect(answer.body).toEqual({ error: 'Invalid id_token: token is missing' });
  });

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['in the header id_token', async () => ({ id_token: await signed() })],
    ['as Bearer', async () => ({ authorization: `bearer ${await signed()}` })],
    ['in both', async () => ({ id_token: await signed(), authorization: `Bearer ${await signed()}` })],
    [
      'with the user name of Cognito',
      async () => ({ id_token: await signed({ username: undefined, 'cognito:username': 'a' }) }),
    ],
  ])('is accepted %s', async (_, headers) => {
    const { status } = await send(await headers());
    expect(status).not.toBe(401);
  });
});

describe('the user id', () => {
  it.each([
    [{}, { sub: 'the-sub', username: 'name' }, 'the-sub'],
    [{}, { sub: undefined, username: 'name' }, 'name'],
    [{ JWT_USER_ID_CLAIM: 'email' }, { email: 'a@b.example' }, 'a@b.example'],
  ])('with %o of %o is %s', async (variables, claims, userId) => {
    const app = await startChatApp(variables);
    const answer = await supertest(app.url)
      .post('/chat')
      .set('id_token', await signed(claims))
      .send({ prompt: 'hi' });
    await app.close();
    expect(answer.body.chat.user_id).toBe(userId);
  });
});

describe('without a check of the signature', () => {
  it('accepts any signature and checks everything else', async () => {
    const app = await startChatApp({ JWT_SECRET_KEY: '', JWT_VERIFY_SIGNATURE: 'false' });
    const send = async (token: string) => (await supertest(app.url).get('/chats/any').set('id_token', token)).status;
    const statuses = [
      await send(await signed({}, {}, 'another secret, which this service does not know')),
      await send(await signed({ exp: 1 })),
      await send(new UnsecuredJWT(CLAIMS).encode()),
    ];
    await app.close();
    expect(statuses).toEqual([404, 401, 401]);
  });
});

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

/** The variables of a line that say where claims are. */
const FOR_CLAIMS = /^JWT_(USERNAME_CLAIM|EMAIL_CLAIM|REQUIRED_CLAIMS)$/;
/** The issuers whose tokens need these variables. */
const REFUSED = ISSUER_SAMPLES.filter(({ refusal }) => refusal !== undefined);
const AGENT = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' };

describe('the default id token', () => {
  const keys: Record<IssuerSample['key'], IssuerKey> = {
    rsa: issuerKey('rsa'),
    'rsa without alg': issuerKey('bare'),
    elliptic: issuerKey('elliptic', 'ES256'),
  };
  const apps = new Map<string, WhoApp>();
  let server: KeyServer;

  beforeAll(async () => {
    const { alg: _, ...bare } = keys['rsa without alg'].jwk;
    server = await startKeyServer(serveKeys(keys.rsa, { jwk: bare }, keys.elliptic));
    for (const [name, line] of documentedLines()) {
      const without = Object.entries(line).filter(([variable]) => !FOR_CLAIMS.test(variable));
      for (const [app, variables] of Object.entries({
        [name]: line,
        [`${name} without`]: Object.fromEntries(without),
      })) {
        const environment = loadEnvironment({ ...AGENT, ...variables, JWT_JWKS_URI: server.url });
        apps.set(app, await startWhoApp(environment));
      }
    }
  });
  afterAll(async () => {
    await Promise.all([...apps.values()].map((app) => app.close()));
    await server.close();
  });

  /** The user, or the reason of the refusal. */
  async function ask(app: string, { key, claims, header = { typ: undefined } }: IssuerSample): Promise<unknown> {
    const now = Math.floor(Date.now() / 1000);
    const own = { email: undefined, username: undefined, iat: now, exp: now + 3600 };
    const token = issuerToken(keys[key], { ...own, ...claims }, header);
    const { status, body } = await supertest(apps.get(app)!.getHttpServer()).get('/me').set('id_token', token);
    return status === 200 ? body : body.error;
  }

  it('has a line of configuration for each issuer', () => {
    expect([...documentedLines().keys()]).toEqual(ISSUER_SAMPLES.map(({ name }) => name));
  });

  it.each(ISSUER_SAMPLES)('of $name is verified with the keys that the issuer publishes', ({ name, keySet }) => {
    expect(documentedLines().get(name)).toHaveProperty('JWT_JWKS_URI', keySet);
  });

  it.each(ISSUER_SAMPLES)('of $name is accepted with its line, and names the user', async (sample) => {
    expect(await ask(sample.name, sample)).toEqual({ ...sample.user, attributes: {} });
  });

  it.each(REFUSED)('of $name is refused without the variables for claims: $refusal', async (sample) => {
    expect(await ask(`${sample.name} without`, sample)).toBe(`Invalid id_token: ${sample.refusal}`);
  });

  it('of Cognito alone needs no variables for claims', () => {
    const lines = [...documentedLines()].filter(([, line]) => !Object.keys(line).some((key) => FOR_CLAIMS.test(key)));
    expect(lines.map(([name]) => name)).toEqual(['Amazon Cognito']);
    expect(REFUSED).toHaveLength(ISSUER_SAMPLES.length - 1);
  });

  it.each(ISSUER_SAMPLES)('of $name is refused by the line of any other issuer', async (sample) => {
    const others = ISSUER_SAMPLES.filter((other) => other !== sample);
    const outcomes = await Promise.all(others.map(({ name }) => ask(name, sample)));
    expect(new Set(outcomes)).toEqual(new Set(['Invalid id_token: issuer is invalid']));
  });

  it('of Cognito is accepted, but its access token is not', async () => {
    const [cognito] = ISSUER_SAMPLES;
    const claims = { ...cognito!.claims, token_use: 'access' };
    expect(await ask(cognito!.name, { ...cognito!, claims })).toBe("Invalid id_token: claim 'token_use' is invalid");
  });
});
