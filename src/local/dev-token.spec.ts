import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
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
      JWT_ALGORITHM: 'HS384',
      JWT_ISSUER: 'https://issuer',
      JWT_AUDIENCE: ['first', 'second'],
      JWT_USER_ID_CLAIM: 'uid',
    } as const;

    expect(tokenSettings(environment, 'alice')).toEqual({
      sub: 'alice',
      algorithm: 'HS384',
      issuer: 'https://issuer',
      audience: 'first',
      claims: { uid: 'alice' },
    });
  });
});
