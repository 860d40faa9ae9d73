import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { findKeySetUrl } from './environment-keys.js';
import { ConfigurationError, Environment, loadEnvironment, variableNames } from './environment.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-signing-key-AbCdEf';
const VALID = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: SECRET };

function findProblems(variables: Record<string, string>): readonly string[] {
  try {
    loadEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadEnvironment', () => {
  it('has a default for everything but the agent and the key', () => {
    expect({ ...loadEnvironment(VALID) }).toMatchObject({
      ...VALID,
      DYNAMODB_TABLE: 'test-chat',
      AWS_REGION: 'us-east-1',
      JWT_ALGORITHM: 'HS256',
      JWT_VERIFY_SIGNATURE: true,
      PROMPT_MAX_LENGTH: 32_000,
      CHAT_HISTORY_LIMIT: 100,
      TURNS_PER_MINUTE: 20,
      TURNS_PER_DAY: 0,
      PORT: 3000,
      HOST: '127.0.0.1',
      DATA_DIR: '.data',
      LOG_LEVEL: 'log',
    });
  });

  it('names all problems at once, each variable once, and no value', () => {
    const values = { AGENT_ID: 'bad id', PORT: '99999x', JWT_SECRET_KEY: 'short', LOG_LEVEL: 'loud' };
    expect(findProblems(values)).toEqual([
      'AGENT_ID must be 1 to 10 letters and digits',
      'JWT_SECRET_KEY must be at least 32 bytes',
      'PORT must be a whole number',
      'LOG_LEVEL must be one of fatal, error, warn, log, debug, verbose',
      'AGENT_ALIAS_ID is required with AGENT_ID',
    ]);
    const message = new ConfigurationError(findProblems(values)).message;
    for (const value of Object.values(values)) expect(message).not.toContain(value);
  });

  it('treats an empty variable as absent', () => {
    expect(loadEnvironment({ ...VALID, PORT: '', DYNAMODB_TABLE: '  ' })).toMatchObject({
      PORT: 3000,
      DYNAMODB_TABLE: 'test-chat',
    });
  });

  it('ignores unknown variables', () => {
    expect(Object.keys(loadEnvironment({ ...VALID, HOME: '/', AWS_ACCESS_KEY_ID: 'x' }))).not.toContain('HOME');
  });

  it('returns a frozen object', () => {
    expect(Object.isFrozen(loadEnvironment(VALID))).toBe(true);
  });

  it.each([
    [{ JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE'],
    [{ JWT_SECRET_KEY: 'x'.repeat(64) }, 'JWT_SECRET_KEY must not be a placeholder'],
    [{ JWT_SECRET_KEY: 'your-secret-key-please-change-it-soon' }, 'JWT_SECRET_KEY must not be a placeholder'],
    [{ JWT_SECRET_KEY: 'a-string-secret-at-least-256-bits-long' }, 'JWT_SECRET_KEY must not be a placeholder'],
    [
      { JWT_SECRET_KEY: `-----BEGIN PUBLIC KEY-----\n${SECRET}\n-----END PUBLIC KEY-----` },
      'JWT_SECRET_KEY must be a secret, not a public or private key',
    ],
    [{ JWT_ALGORITHM: 'RS256' }, 'JWT_ALGORITHM must be one of HS256, HS384, HS512'],
    [{ JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM must be one of HS256, HS384, HS512'],
    [{ JWT_VERIFY_SIGNATURE: 'no' }, 'JWT_VERIFY_SIGNATURE must be true or false'],
    [{ JWT_VERIFY_SIGNATURE: 'false' }, 'JWT_SECRET_KEY must not be set with JWT_VERIFY_SIGNATURE=false'],
    [{ JWT_SECRET_ARN: ARN }, 'JWT_SECRET_KEY must not be set with JWT_SECRET_ARN'],
    [
      { JWT_SECRET_KEY: '', JWT_SECRET_ARN: 'jwt-signing-key' },
      'JWT_SECRET_ARN must be the ARN of a secret of Secrets Manager',
    ],
    [
      { JWT_SECRET_KEY: '', JWT_SECRET_ARN: ARN, JWT_VERIFY_SIGNATURE: 'false' },
      'JWT_SECRET_ARN must not be set with JWT_VERIFY_SIGNATURE=false',
    ],
    [
      { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'secretsmanager' },
      'AWS_ENDPOINT_URL_SECRETS_MANAGER must be an http or https URL',
    ],
    [{ JWT_AUDIENCE: 'app,,web' }, 'JWT_AUDIENCE must be one audience or several separated by commas'],
    [{ AGENT_TIMEOUT_MS: '0' }, 'AGENT_TIMEOUT_MS must be at least 1000'],
    [{ AGENT_TIMEOUT_MS: '1e9' }, 'AGENT_TIMEOUT_MS must be a whole number'],
    [{ AGENT_TIMEOUT_MS: '25000.5' }, 'AGENT_TIMEOUT_MS must be a whole number'],
    [{ AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' }, 'AWS_ENDPOINT_URL_DYNAMODB must be an http or https URL'],
    [{ CHAT_HISTORY_LIMIT: '1' }, 'CHAT_HISTORY_LIMIT must be at least 2'],
    [{ TURNS_PER_MINUTE: '-1' }, 'TURNS_PER_MINUTE must be at least 0'],
    [{ TURNS_PER_MINUTE: '1001' }, 'TURNS_PER_MINUTE must be at most 1000'],
    [{ TURNS_PER_DAY: 'many' }, 'TURNS_PER_DAY must be a whole number'],
    ...[
      '*',
      'app.example.com',
      'https://app.example.com/',
      'https://*.example.com',
      'https://app.example.com, https://*',
      'null',
      'file://x',
      'https://A.com',
    ].map((CORS_ORIGINS): [Record<string, string>, string] => [
      { CORS_ORIGINS },
      'CORS_ORIGINS must be origins such as https://app.example.com separated by commas',
    ]),
    [{ AWS_REGION: 'here' }, 'AWS_REGION must be a region such as us-east-1'],
  ])('refuses %o: %s', (variables, problem) => {
    expect(findProblems({ ...VALID, ...variables })).toEqual([problem]);
  });

  it.each([
    { AWS_REGION: 'us-gov-west-1' },
    { AWS_REGION: 'ap-southeast-2' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8000' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000' },
    { JWT_AUDIENCE: 'app, web' },
    { JWT_SECRET_KEY: '', JWT_SECRET_ARN: ARN },
    {
      JWT_SECRET_KEY: '',
      JWT_SECRET_ARN: 'arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b+c=d.e@f-Ab1',
    },
    { CORS_ORIGINS: 'https://app.example.com, http://localhost:5173' },
    { TURNS_PER_MINUTE: '0', TURNS_PER_DAY: '0' },
  ])('accepts %o', (variables) => {
    expect(findProblems({ ...VALID, ...variables })).toEqual([]);
  });

  it('needs no key if a proxy verifies the token', () => {
    const variables = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_VERIFY_SIGNATURE: 'false' };
    expect(findProblems(variables)).toEqual([]);
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
    [{ ...ISSUER, ...URI, JWT_ISSUER: 'any text' }, URI.JWT_JWKS_URI],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://127.0.0.1:1/k' }, 'http://127.0.0.1:1/k'],
    [{ ...ISSUER, JWT_JWKS_URI: 'http://[::1]:1/k' }, 'http://[::1]:1/k'],
    [{ ...ISSUER, JWT_SECRET_KEY: SECRET }, undefined],
    [{ ...ISSUER, JWT_VERIFY_SIGNATURE: 'false' }, undefined],
  ])('%o come from %s', (variables, url) => {
    expect(findKeySetUrl(loadEnvironment({ ...AGENT, ...variables }))?.href).toBe(url);
  });
});

describe('the documented variables', () => {
  const SDK_OWN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

  it('are the same in .env.example and in the class, with the same defaults', () => {
    const lines = [...readFileSync('.env.example', 'utf8').matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=(.*)$/gm)];
    const names = lines.map(([, name]) => name);
    expect(names.filter((name) => !SDK_OWN.includes(name ?? '')).toSorted()).toEqual(variableNames().toSorted());
    const defaults = { ...new Environment() } as Record<string, unknown>;
    for (const [, name = '', value] of lines) {
      if (name in defaults && defaults[name] !== undefined)
        expect(`${name}=${value}`).toBe(`${name}=${defaults[name]}`);
    }
  });

  it('are the same in docs/configuration.md and in the class', () => {
    const page = readFileSync('docs/configuration.md', 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name),
    );
    expect(names.filter((name) => !SDK_OWN.includes(name ?? '')).toSorted()).toEqual(variableNames().toSorted());
  });
});
