import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { loadEnvironment } from '../../src/config/environment.js';
import { documentedLines, ISSUER_SAMPLES, type IssuerSample } from '../support/issuer-tokens.js';
import {
  type IssuerKey,
  issuerKey,
  issuerToken,
  type KeyServer,
  serveKeys,
  startKeyServer,
} from '../support/key-server.js';
import { startWhoApp, type WhoApp } from '../support/who-app.js';

/** The variables of a line that say where claims are. */
const FOR_CLAIMS = /^JWT_(USERNAME_CLAIM|EMAIL_CLAIM|REQUIRED_CLAIMS)$/;
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

  it.each(ISSUER_SAMPLES)('of $name is accepted with its line, and names the user', async (sample) => {
    expect(await ask(sample.name, sample)).toEqual({ ...sample.user, attributes: {} });
  });

  it.each(ISSUER_SAMPLES)('of $name without the variables for claims: $refusal', async (sample) => {
    const { refusal, user } = sample;
    const expected = refusal === undefined ? { ...user, attributes: {} } : `Invalid id_token: ${refusal}`;
    expect(await ask(`${sample.name} without`, sample)).toEqual(expected);
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
