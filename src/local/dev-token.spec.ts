import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { parseUser } from '../auth/token/token-claims.js';
import type { JsonObject } from '../auth/token/unverified-token.js';
import { Environment } from '../config/environment.js';
import { AuthSettings } from '../config/settings.js';
import { mintToken, tokenSettings } from './dev-token.js';

const secret = 'k'.repeat(63) + '!';
const now = Date.parse('2024-01-01T12:00:00Z');

describe('mintToken', () => {
  it('signs the claims that the service requires', () => {
    const token = mintToken({ secret, sub: 'alice', now });

    expect(jwt.verify(token, secret, { algorithms: ['HS256'], clockTimestamp: now / 1000 })).toEqual({
      sub: 'alice',
      email: 'alice@example.com',
      username: 'alice',
      iat: now / 1000,
      exp: now / 1000 + 3600,
    });
  });

  it('uses every field of the request', () => {
    const request = {
      secret,
      algorithm: 'HS512',
      sub: 'alice',
      email: 'a@b.c',
      username: 'al',
      issuer: 'https://issuer',
      audience: 'app',
      expiresInSeconds: 5,
      claims: { tenant: 1 },
      now,
    } as const;

    expect(jwt.decode(mintToken(request), { complete: true })).toMatchObject({
      header: { alg: 'HS512', typ: 'JWT' },
      payload: { email: 'a@b.c', username: 'al', iss: 'https://issuer', aud: 'app', exp: now / 1000 + 5, tenant: 1 },
    });
  });

  it('decodes a secret that begins with base64:', () => {
    const token = mintToken({ secret: `base64:${Buffer.from(secret).toString('base64url')}`, sub: 'alice' });
    expect(jwt.verify(token, secret)).toMatchObject({ sub: 'alice' });
  });

  it('uses a sub that is an address as the email', () => {
    expect(jwt.decode(mintToken({ secret, sub: 'a@b.c' }))).toMatchObject({ email: 'a@b.c' });
  });

  it('signs expired tokens, issued before they expired', () => {
    const token = mintToken({ secret, sub: 'alice', expiresInSeconds: -60, now });

    expect(jwt.decode(token)).toMatchObject({ iat: now / 1000 - 60, exp: now / 1000 - 60 });
  });
});

describe('tokenSettings', () => {
  it('follows the configuration', () => {
    const environment = {
      JWT_ALGORITHM: ['HS384'],
      JWT_ISSUER: 'https://issuer',
      JWT_AUDIENCE: ['first', 'second'],
      JWT_USER_ID_CLAIM: 'uid',
      JWT_USERNAME_CLAIM: 'nickname',
      JWT_EMAIL_CLAIM: 'mail',
    } as const;

    expect(tokenSettings(environment, 'alice')).toEqual({
      sub: 'alice',
      algorithm: 'HS384',
      issuer: 'https://issuer',
      audience: 'first',
      usernameClaim: 'nickname',
      emailClaim: 'mail',
      claims: { uid: 'alice' },
    });
  });

  it.each([
    [{}, { sub: 'alice', username: 'alice', email: 'alice@example.com' }],
    [{ JWT_USERNAME_CLAIM: 'nickname' }, { nickname: 'alice', email: 'alice@example.com' }],
    [{ JWT_EMAIL_CLAIM: 'mail' }, { username: 'alice', mail: 'alice@example.com' }],
    [{ JWT_USERNAME_CLAIM: 'email' }, { email: 'alice@example.com' }],
    [{ JWT_USER_ID_CLAIM: 'email' }, { email: 'alice@example.com' }],
    [{ JWT_USER_ID_CLAIM: 'oid' }, { sub: 'alice', oid: 'alice' }],
  ])('make a token that passes the checks of %j', (variables, claims) => {
    const environment = Object.assign(new Environment(), variables);
    const token = mintToken({ secret, ...tokenSettings(environment, 'alice') });

    expect(jwt.decode(token)).toMatchObject(claims);
    expect(parseUser(jwt.decode(token) as JsonObject, new AuthSettings(environment)).id).toMatch(/^alice/);
  });

  it('ignore an algorithm that a secret cannot have', () => {
    const environment = Object.assign(new Environment(), { JWT_ALGORITHM: ['RS256'] });
    expect(tokenSettings(environment, 'alice').algorithm).toBeUndefined();
  });
});
