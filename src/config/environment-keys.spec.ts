import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { findKeySetUrl } from './environment-keys.js';
import { loadEnvironment } from './environment.js';
import { findProblems } from '../../test/support/environment-problems.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';
const VALID = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: SECRET };
const toBase64 = (text: string) => Buffer.from(text).toString('base64');

describe('the variables of tokens', () => {
  it.each<[Record<string, string>, string]>([
    ...['RS256', 'HS256,RS256', 'HS256,HS512'].map((JWT_ALGORITHM): [Record<string, string>, string] => [
      { JWT_ALGORITHM },
      'JWT_ALGORITHM must be one of HS256, HS384, HS512 with a secret',
    ]),
    ...['none', 'EdDSA', 'hs256', 'ES256K'].map((JWT_ALGORITHM): [Record<string, string>, string] => [
      { JWT_ALGORITHM },
      'JWT_ALGORITHM must be of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
    ]),
    ...['sub', 'email,', 'none,email', 'preferred_username'].map(
      (JWT_REQUIRED_CLAIMS): [Record<string, string>, string] => [
        { JWT_REQUIRED_CLAIMS },
        'JWT_REQUIRED_CLAIMS must be email, username, email,username or none',
      ],
    ),
    [{ JWT_USERNAME_CLAIM: 'x'.repeat(129) }, 'JWT_USERNAME_CLAIM must be 1 to 128 characters'],
    [{ JWT_SECRET_KEY: 'base64:not base64!' }, 'JWT_SECRET_KEY must be base64 after base64:'],
    [{ JWT_SECRET_KEY: `base64:${'A'.repeat(41)}` }, 'JWT_SECRET_KEY must be base64 after base64:'],
    [{ JWT_SECRET_KEY: `base64:${toBase64(SECRET.slice(1))}` }, 'JWT_SECRET_KEY must be at least 32 bytes'],
    [{ JWT_SECRET_KEY: `base64:${toBase64('x'.repeat(64))}` }, 'JWT_SECRET_KEY must not be a placeholder'],
    [
      { JWT_SECRET_KEY: `base64:${toBase64(`-----BEGIN PUBLIC KEY-----\n${SECRET}\n-----END PUBLIC KEY-----`)}` },
      'JWT_SECRET_KEY must be a secret, not a public or private key',
    ],
  ])('refuses %o: %s', (variables, problem) => {
    expect(findProblems({ ...VALID, ...variables })).toEqual([problem]);
  });

  it.each<Record<string, string>>([
    { JWT_ALGORITHM: 'HS384' },
    { JWT_USERNAME_CLAIM: 'https://example.com/name', JWT_EMAIL_CLAIM: 'cognito:email' },
    { JWT_REQUIRED_CLAIMS: 'username, email' },
    { JWT_SECRET_KEY: `base64:${toBase64(SECRET)}` },
    { JWT_SECRET_KEY: `base64:${Buffer.from(SECRET).toString('base64url')}` },
    { JWT_SECRET_KEY: `base64:\n${toBase64(SECRET).replace(/.{10}/g, '$&\n')}` },
  ])('accepts %o', (variables) => {
    expect(findProblems({ ...VALID, ...variables })).toEqual([]);
  });

  it.each([
    ['none', []],
    ['email', ['email']],
    ['username,email', ['username', 'email']],
  ])('reads JWT_REQUIRED_CLAIMS=%s as %j', (JWT_REQUIRED_CLAIMS, expected) => {
    expect(loadEnvironment({ ...VALID, JWT_REQUIRED_CLAIMS }).JWT_REQUIRED_CLAIMS).toEqual(expected);
  });
});

describe('a secret', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const SSH = 'AAAAC3NzaC1lZDI1NTE5AAAAIHRoaXMgaXMgbm90IGEga2V5IG9mIGFueWJvZHkhISEh';

  it.each<[string, string]>([
    ['PEM', String(rsa.publicKey.export({ format: 'pem', type: 'spki' }))],
    ['private PEM', String(elliptic.privateKey.export({ format: 'pem', type: 'sec1' }))],
    ['RSA of ssh', `ssh-rsa ${SSH} alice`],
    ['Ed25519 of ssh', `ssh-ed25519 ${SSH}`],
    ['ECDSA of ssh', `  ecdsa-sha2-nistp256 ${SSH}`],
    ['JWK', JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))],
    ['spacious JWK', JSON.stringify(rsa.publicKey.export({ format: 'jwk' }), undefined, 2)],
    ['JWK set', JSON.stringify({ keys: [elliptic.publicKey.export({ format: 'jwk' })] })],
  ])('may not be a public or private key: %s', (_, JWT_SECRET_KEY) => {
    expect(findProblems({ ...VALID, JWT_SECRET_KEY })).toEqual([
      'JWT_SECRET_KEY must be a secret, not a public or private key',
    ]);
  });

  it.each([`the ssh-rsa of ${SECRET}`, `{"kid":"${SECRET}"}`])('may be %s', (JWT_SECRET_KEY) => {
    expect(findProblems({ ...VALID, JWT_SECRET_KEY })).toEqual([]);
  });

  it.each(['HS256', 'HS384', 'HS512'])('must have at least 32 bytes for %s', (JWT_ALGORITHM) => {
    expect(findProblems({ ...VALID, JWT_ALGORITHM })).toEqual([]);
    expect(findProblems({ ...VALID, JWT_ALGORITHM, JWT_SECRET_KEY: SECRET.slice(1) })).toEqual([
      'JWT_SECRET_KEY must be at least 32 bytes',
    ]);
  });
});

describe('the keys', () => {
  const AGENT = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' };
  const ISSUER = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'app' };
  const URI = { JWT_JWKS_URI: 'https://keys.example/set.json' };
  const NOT_PAIR =
    'JWT_ALGORITHM must be of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 without a secret';
  const NOT_SAFE = 'JWT_JWKS_URI must be an https URL, or an http URL of this machine';

  it.each<[Record<string, string>, string[]]>([
    [{}, ['JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE']],
    [{ JWT_AUDIENCE: 'app' }, ['JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE']],
    [{ JWT_ISSUER: ISSUER.JWT_ISSUER }, ['JWT_AUDIENCE is required without JWT_SECRET_KEY']],
    [URI, ['JWT_ISSUER is required with JWT_JWKS_URI', 'JWT_AUDIENCE is required without JWT_SECRET_KEY']],
    [{ ...ISSUER, ...URI, JWT_SECRET_KEY: SECRET }, ['JWT_JWKS_URI must not be set with JWT_SECRET_KEY']],
    [
      { ...ISSUER, ...URI, JWT_VERIFY_SIGNATURE: 'false' },
      ['JWT_JWKS_URI must not be set with JWT_VERIFY_SIGNATURE=false'],
    ],
    [
      { JWT_SECRET_KEY: SECRET, JWT_VERIFY_SIGNATURE: 'false' },
      ['JWT_SECRET_KEY must not be set with JWT_VERIFY_SIGNATURE=false'],
    ],
    [
      { ...ISSUER, JWT_ISSUER: 'http://issuer.example' },
      ['JWT_ISSUER must be an https URL if neither JWT_JWKS_URI nor JWT_SECRET_KEY is set'],
    ],
    [
      { ...ISSUER, JWT_ISSUER: 'my issuer' },
      ['JWT_ISSUER must be an https URL if neither JWT_JWKS_URI nor JWT_SECRET_KEY is set'],
    ],
    [{ ...ISSUER, JWT_ALGORITHM: 'HS256' }, [NOT_PAIR]],
    [{ ...ISSUER, JWT_ALGORITHM: 'RS256, HS512' }, [NOT_PAIR]],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://keys.example/set.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://localhost.example/set.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://127.0.0.1.example/set.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://localhost@keys.example/set.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'https://user:word@keys.example/set.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'file:///etc/keys.json' }, [NOT_SAFE]],
    [{ ...ISSUER, JWT_JWKS_URI: 'keys.example' }, [NOT_SAFE]],
  ])('%o are refused: %j', (variables, problems) => {
    expect(findProblems({ ...AGENT, ...variables })).toEqual(problems);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [ISSUER, 'https://issuer.example/.well-known/jwks.json'],
    [{ ...ISSUER, JWT_ISSUER: 'https://issuer.example/' }, 'https://issuer.example/.well-known/jwks.json'],
    [
      { ...ISSUER, JWT_ISSUER: 'http://localhost:8080/realms/a' },
      'http://localhost:8080/realms/a/.well-known/jwks.json',
    ],
    [{ ...ISSUER, ...URI }, URI.JWT_JWKS_URI],
    [{ ...ISSUER, ...URI, JWT_ALGORITHM: 'PS256, ES512' }, URI.JWT_JWKS_URI],
    [{ ...ISSUER, ...URI, JWT_ISSUER: 'any text' }, URI.JWT_JWKS_URI],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://127.0.0.1:1/k' }, 'http://127.0.0.1:1/k'],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://[::1]:1/k' }, 'http://[::1]:1/k'],
    [{ ...ISSUER, JWT_SECRET_KEY: SECRET }, undefined],
    [{ ...ISSUER, JWT_VERIFY_SIGNATURE: 'false' }, undefined],
  ])('%o come from %s', (variables, url) => {
    expect(findKeySetUrl(loadEnvironment({ ...AGENT, ...variables }))?.href).toBe(url);
  });
});
