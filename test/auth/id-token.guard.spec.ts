import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import type { IdTokenFault } from '../../src/auth/auth.errors.js';
import type { User } from '../../src/auth/user.js';
import { Environment } from '../../src/config/environment.js';
import { startWhoApp, type WhoApp } from '../support/who-app.js';

const SECRET = 'first-secret-of-more-than-32-bytes-in-all';
const OTHER_SECRET = 'other-secret-of-more-than-32-bytes-in-all';
const ALICE = { id: 'alice', email: 'alice@example.com', username: 'al', attributes: {} };

type App = WhoApp;

const startApp = (values: Partial<Environment> = { JWT_SECRET_KEY: SECRET }): Promise<App> =>
  startWhoApp(Object.freeze(Object.assign(new Environment(), values)));

const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: object = {}) => ({
  sub: ALICE.id,
  email: ALICE.email,
  username: ALICE.username,
  exp: now() + 60,
  ...changes,
});
const encode = (text: string) => Buffer.from(text).toString('base64url');

/** A token of any two JSON texts with a valid signature. */
function signRaw(header: string, payload: string, secret = SECRET): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
function sign(changes: object = {}, header: object = {}, secret = SECRET): string {
  return signRaw(JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }), JSON.stringify(claims(changes)), secret);
}
const me = (app: App) => request(app.getHttpServer()).get('/me');
const ask = (app: App, token: string) => me(app).set('id_token', token);

async function expectUser(asked: request.Test, user: User = ALICE): Promise<void> {
  const { status, body } = await asked;
  expect({ status, body: body as unknown }).toEqual({ status: 200, body: user });
}
async function expectRefusal(asked: request.Test, fault: IdTokenFault): Promise<void> {
  const { status, body } = await asked;
  expect({ status, body: body as unknown }).toEqual({ status: 401, body: { error: `Invalid id_token: ${fault}` } });
}

describe('IdTokenGuard', () => {
  let app: App;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(async () => {
    // The app still works after all invalid tokens.
    await expectUser(ask(app, sign()));
    await app.close();
  });

  it('accepts a token of jsonwebtoken', () => expectUser(ask(app, jwt.sign(claims(), SECRET))));

  it('accepts a token of jose', async () => {
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
    await expectUser(ask(app, token));
  });

  it.each<[IdTokenFault, () => string]>([
    ['token is malformed', () => 'no-token'],
    ['token is malformed', () => signRaw('{"alg":"HS256","typ":"JWT"}', 'null')],
    ['token is malformed', () => signRaw('{"alg":"HS256"}', 'null')],
    ['token is malformed', () => signRaw('{"alg":"HS256","typ":"JWT"}', '[]')],
    ['token is malformed', () => signRaw('{"alg":"HS256","typ":"JWT"}', '"x"')],
    ['token is malformed', () => signRaw('null', JSON.stringify(claims()))],
    ['token is malformed', () => `${sign()}=`],
    ['token is malformed', () => `${sign()},`],
    ['token is malformed', () => `Bearer ${sign()}`],
    ['token is too large', () => sign({ x: 'x'.repeat(8192) })],
    ['token type is not allowed', () => sign({}, { typ: 'at+jwt' })],
    ['algorithm is not allowed', () => jwt.sign(claims(), SECRET, { algorithm: 'HS512' })],
    ['algorithm is not allowed', () => jwt.sign(claims(), null, { algorithm: 'none' })],
    ['algorithm is not allowed', () => sign({}, { alg: 'none' })],
    ['algorithm is not allowed', () => sign({}, { alg: 'RS256' })],
    ['critical header is not supported', () => sign({}, { crit: ['exp'] })],
    ['signature is invalid', () => sign({}, {}, OTHER_SECRET)],
    ['signature is invalid', () => sign().replace(/[^.]*$/, '')],
    ['signature is invalid', () => sign().replace(/[^.]*$/, 'AAAA')],
    ['signature is invalid', () => sign({ exp: 1, email: 5 }, {}, OTHER_SECRET)],
    ['signature is invalid', () => sign({}, { jwk: { kty: 'oct', k: encode(OTHER_SECRET) } }, OTHER_SECRET)],
    ["claim 'exp' is required", () => sign({ exp: undefined })],
    [
      "claim 'exp' is invalid",
      () => signRaw('{"alg":"HS256"}', '{"exp":1e400,"sub":"a","email":"a@b","username":"a"}'),
    ],
    ["claim 'exp' is invalid", () => sign({ exp: 'tomorrow' })],
    ['token has expired', () => sign({ exp: now() - 1 })],
    ['token has expired', () => sign({ exp: now() - 1, email: null })],
    ['token is not yet valid', () => sign({ nbf: now() + 30 })],
    ["claim 'nbf' is invalid", () => sign({ nbf: 'yesterday' })],
    ["claim 'iat' is invalid", () => sign({ iat: now() + 120 })],
    ["claim 'token_use' is invalid", () => sign({ token_use: 'access' })],
    ["claim 'email' is required", () => sign({ email: undefined })],
    ["claim 'email' is invalid", () => sign({ email: { toString: 'a@b' } })],
    ["claim 'username' is required", () => sign({ username: '' })],
    ["claim 'username' is invalid", () => sign({ username: ['al'] })],
    ["claim 'sub' is required", () => sign({ sub: null })],
    ["claim 'sub' is invalid", () => sign({ sub: 'alice#T#000000000001' })],
  ])('%s', (fault, token) => expectRefusal(ask(app, token()), fault));

  describe('the headers', () => {
    it('accept Bearer', () => expectUser(me(app).set('authorization', `Bearer ${sign()}`)));

    it('accept the same token in both', async () => {
      const token = sign();
      await expectUser(me(app).set('id_token', token).set('authorization', `bearer ${token}`));
    });

    it('refuse two different tokens, even if both are valid', async () => {
      const bob = sign({ sub: 'bob' });
      const both = me(app).set('id_token', sign()).set('authorization', `Bearer ${bob}`);
      await expectRefusal(both, 'token is malformed');
      await expectRefusal(repeated('id_token', sign(), bob), 'token is malformed');
      await expectRefusal(repeated('authorization', `Bearer ${sign()}`, `Bearer ${bob}`), 'token is malformed');
    });

    it('accept the same line twice', async () => {
      const token = sign();
      await expectUser(repeated('id_token', token, token));
    });

    it('refuse a token in any other place', async () => {
      await expectRefusal(me(app), 'token is missing');
      await expectRefusal(me(app).query({ id_token: sign() }), 'token is missing');
      await expectRefusal(me(app).set('cookie', `id_token=${sign()}`), 'token is missing');
      await expectRefusal(me(app).set('authorization', `Basic ${sign()}`), 'token is missing');
    });

    /** Node sends each member of a list as a line. The typings allow lists for cookies only. */
    function repeated(name: string, ...lines: string[]): request.Test {
      return me(app).set(name, lines as unknown as string);
    }
  });

  it('fails if a route uses the user without the guard', async () => {
    const { status } = await request(app.getHttpServer()).get('/unguarded').set('id_token', sign());
    expect(status).toBe(500);
  });
});

describe('the settings of IdTokenGuard', () => {
  const apps: App[] = [];
  const start = async (...args: Parameters<typeof startApp>): Promise<App> => {
    const app = await startApp(...args);
    apps.push(app);
    return app;
  };
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  it('use the secret of their own app', async () => {
    const first = await start({ JWT_SECRET_KEY: SECRET });
    const second = await start({ JWT_SECRET_KEY: OTHER_SECRET, JWT_ALGORITHM: ['HS512'] });
    const token = jwt.sign(claims(), OTHER_SECRET, { algorithm: 'HS512' });

    await expectUser(ask(first, sign()));
    await expectUser(ask(second, token));
    await expectRefusal(ask(first, token), 'algorithm is not allowed');
    await expectRefusal(ask(first, sign({}, {}, OTHER_SECRET)), 'signature is invalid');
    await expectRefusal(ask(second, sign()), 'algorithm is not allowed');
  });

  it('check issuer, audience and the claim of the user id', async () => {
    const app = await start({
      JWT_SECRET_KEY: SECRET,
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: ['web', 'app'],
      JWT_USER_ID_CLAIM: 'oid',
    });
    const right = { iss: 'https://issuer.example', aud: 'app', oid: 'o-1' };
    await expectUser(ask(app, sign(right)), { ...ALICE, id: 'o-1' });
    await expectRefusal(ask(app, sign({ ...right, iss: 'https://other.example' })), 'issuer is invalid');
    await expectRefusal(ask(app, sign({ ...right, aud: 'other' })), 'audience is invalid');
    await expectRefusal(ask(app, sign({ ...right, oid: undefined })), "claim 'oid' is required");
  });

  it('check everything but the signature if a proxy has verified it', async () => {
    const app = await start({ JWT_VERIFY_SIGNATURE: false });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await expectUser(ask(app, jwt.sign(claims(), privateKey, { algorithm: 'ES256' })));
    await expectUser(ask(app, sign()));
    await expectRefusal(ask(app, jwt.sign(claims(), null, { algorithm: 'none' })), 'algorithm is not allowed');
    await expectRefusal(ask(app, signRaw('{"alg":"HS256"}', 'null')), 'token is malformed');
    await expectRefusal(ask(app, sign({ exp: now() - 1 })), 'token has expired');
    await expectRefusal(ask(app, sign({ email: undefined })), "claim 'email' is required");
    await expectRefusal(me(app), 'token is missing');
  });
});
