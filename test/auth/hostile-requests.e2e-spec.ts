import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  COGNITO_ISSUER,
  cognitoCases,
  type HostileCase,
  keySetCases,
  secretCases,
  signed,
} from '../support/hostile-tokens.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { AUDIENCE, ISSUER, issuerKey, type KeyServer, serveKeys, startKeyServer } from '../support/key-server.js';
import { SECRET } from '../support/tokens.js';

const MODES = ['secret', 'keys', 'cognito'] as const;
type Mode = (typeof MODES)[number];

const [rsa, elliptic, stranger] = [issuerKey('rsa'), issuerKey('elliptic', 'ES256'), issuerKey('stranger')];
const keySet = createLocalJWKSet({ keys: [rsa.jwk, elliptic.jwk] as never });
const CASES: Readonly<Record<Mode, HostileCase[]>> = {
  secret: secretCases(),
  keys: keySetCases(rsa, elliptic, stranger),
  cognito: cognitoCases(rsa),
};
const AWS_SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=ab';
const REASONS = [
  'token is missing', 'token is malformed', 'token is too large', 'token type is not allowed', 'algorithm is not allowed',
  'critical header is not supported', 'signing key is unknown', 'signature is invalid', 'token has expired',
  'token is not yet valid', 'issuer is invalid', 'audience is invalid', "claim 'exp' is required",
  "claim 'exp' is invalid", "claim 'nbf' is invalid", "claim 'iat' is invalid", "claim 'token_use' is invalid",
  "claim 'token_use' is required", "claim 'typ' is invalid", "claim 'email' is required", "claim 'email' is invalid", "claim 'username' is required",
  "claim 'username' is invalid", "claim 'sub' is required", "claim 'sub' is invalid",
]; // prettier-ignore
/** The reasons that jose knows too. It has to refuse a token for each of them. */
const JUDGED_BY_JOSE = [
  'token is malformed', 'algorithm is not allowed', 'critical header is not supported', 'signing key is unknown',
  'signature is invalid', 'token has expired', 'token is not yet valid', 'issuer is invalid', 'audience is invalid',
]; // prettier-ignore

describe('hostile requests to the running service', () => {
  let keyServer: KeyServer;
  let apps: Readonly<Record<Mode, ChatApp>>;
  let logged = '';
  const met = new Set<string>();
  const refusedByBoth = new Set<string>();

  beforeAll(async () => {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (text: unknown) => boolean;
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        logged += String(text);
        return write(text);
      });
    }
    keyServer = await startKeyServer(serveKeys(rsa, elliptic));
    const byUrl = { JWT_SECRET_KEY: '', JWT_JWKS_URI: keyServer.url, JWT_AUDIENCE: AUDIENCE };
    const [secret, keys, cognito] = await Promise.all([
      startChatApp(),
      startChatApp({ ...byUrl, JWT_ISSUER: ISSUER }),
      startChatApp({ ...byUrl, JWT_ISSUER: COGNITO_ISSUER }),
    ]);
    apps = { secret, keys, cognito };
  });
  afterAll(async () => {
    // One for each of the two services with a key set.
    expect(keyServer.fetches).toBe(2);
    await Promise.all(MODES.map((mode) => apps[mode].close()));
    await keyServer.close();
    jest.restoreAllMocks();
  });

  /** Returns the reason of a refusal, or undefined if the token was accepted and the chat is missing. */
  async function refusalOf(mode: Mode, headers: Record<string, string | string[]>, path = '/chats/none') {
    const { status, text } = await get(apps[mode].url + path, headers);
    if (status === 404 && text === '{"error":"Chat not found"}') return undefined;
    const reason = /^\{"error":"Invalid id_token: ([^"]*)"\}$/.exec(text)?.[1];
    expect({ status, text }).toEqual({ status: 401, text: JSON.stringify({ error: `Invalid id_token: ${reason}` }) });
    met.add(reason ?? '');
    return reason;
  }

  /** Whether jose accepts the token with the same key and its own rules. */
  async function joseTakes(mode: Mode, token: string): Promise<boolean> {
    const issuer = mode === 'keys' ? ISSUER : COGNITO_ISSUER;
    const verified =
      mode === 'secret'
        ? jwtVerify(token, Buffer.from(SECRET), { algorithms: ['HS256'] })
        : jwtVerify(token, keySet, { algorithms: ['RS256', 'ES256'], issuer, audience: AUDIENCE });
    return verified.then(
      () => true,
      () => false,
    );
  }

  describe.each(MODES)('with %s', (mode) => {
    it.each(CASES[mode].map(({ name, reason, token }) => [name.slice(0, 60), reason, token] as const))(
      '%s: %s',
      async (_, reason, token) => {
        const outcome = await refusalOf(mode, { id_token: Buffer.from(token).toString('latin1') });
        expect(outcome).toBe(reason);
        const isTaken = await joseTakes(mode, token);
        if (outcome === undefined || outcome === 'signature is invalid') expect(isTaken).toBe(outcome === undefined);
        if (outcome !== undefined && !isTaken) refusedByBoth.add(outcome);
      },
    );
  });

  describe('the headers', () => {
    const good = signed();
    const bob = signed({ sub: 'bob' });
    const bearer = (token: string) => `Bearer ${token}`;

    it.each<[string, string | undefined, Record<string, string | string[]>, string?]>([
      ['none', 'token is missing', {}],
      ['an empty one', 'token is missing', { id_token: '' }],
      ['blanks', 'token is missing', { id_token: '  ' }],
      ['another scheme', 'token is missing', { authorization: `Basic ${good}` }],
      ['the scheme alone', 'token is missing', { authorization: 'Bearer ' }],
      ['an opaque key', 'token is missing', { authorization: bearer('sk-0123456789') }],
      ['a cookie', 'token is missing', { cookie: `id_token=${good}` }],
      ['the query', 'token is missing', {}, `?id_token=${good}&access_token=${good}`],
      ['a name with a hyphen', 'token is missing', { 'id-token': good }],
      ['two users', 'token is malformed', { id_token: good, authorization: bearer(bob) }],
      ['two lines', 'token is malformed', { id_token: [good, bob] }],
      ['two lines of authorization', 'token is malformed', { authorization: [bearer(good), bearer(bob)] }],
      ['two lines without a scheme', 'token is malformed', { authorization: [good, bob] }],
      ['another one without a scheme', 'token is malformed', { id_token: good, authorization: bob }],
      ['two thirds of one', 'token is missing', { authorization: bearer(good.replace(/\.[^.]*$/, '')) }],
      ['a good and a torn one', 'token is malformed', { id_token: good, authorization: bearer(good.slice(0, -9)) }],
      ['two schemes in a line', 'token is malformed', { authorization: `${bearer(good)}, ${bearer(bob)}` }],
      ['a list', 'token is malformed', { id_token: `${good}, ${bob}` }],
      ['a list of nothing', 'token is malformed', { id_token: ',' }],
      ['a list that begins with nothing', 'token is malformed', { id_token: `,${good}` }],
      ['the same twice', undefined, { id_token: [good, good], authorization: bearer(good) }],
      ['no scheme', undefined, { authorization: good }],
      ['no scheme, and a scheme', undefined, { authorization: [good, bearer(good)] }],
      ['a good one, and an opaque key', undefined, { id_token: good, authorization: bearer('sk-01.23.45') }],
      ['a good one, and a password', undefined, { id_token: good, authorization: 'Basic ZGVtbzpwQDU1dzByZA==' }],
      ['a good one, and a signature of AWS', undefined, { id_token: good, authorization: AWS_SIGNATURE }],
      ['both in authorization', undefined, { authorization: [AWS_SIGNATURE, bearer(good)] }],
      ['bearer in small letters', undefined, { authorization: `bearer  ${good}` }],
      ['any case of the name', undefined, { ID_TOKEN: good }],
    ])('%s: %s', async (_, reason, headers, query = '') => {
      expect(await refusalOf('secret', headers, `/chats/none${query}`)).toBe(reason);
    });
  });

  it('are at least 150, cover every reason, and leave all servers healthy', async () => {
    expect(CASES.secret.length + CASES.keys.length).toBeGreaterThanOrEqual(150);
    expect([...met].toSorted()).toEqual(REASONS.toSorted());
    expect([...refusedByBoth]).toEqual(expect.arrayContaining(JUDGED_BY_JOSE));
    expect(logged).not.toMatch(/"level":"(error|fatal)"|eyJ/);
    const unlogged = REASONS.filter((reason) => !logged.includes(JSON.stringify(`Invalid id_token: ${reason}`)));
    expect(unlogged).toEqual([]);
  });
});

/** Uses Node's client, which sends a list of values as separate header lines. */
function get(url: string, headers: Record<string, string | string[]>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, timeout: 4_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject).end();
  });
}
