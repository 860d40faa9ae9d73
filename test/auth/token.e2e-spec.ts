import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { SECRET } from '../support/tokens.js';

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
