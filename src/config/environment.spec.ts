import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, Environment, findMisspelt, loadEnvironment, variableNames } from './environment.js';
import { findProblems } from '../../test/support/environment-problems.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-signing-key-AbCdEf';
const VALID = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: SECRET };

describe('loadEnvironment', () => {
  it('has a default for everything but the agent and the key', () => {
    expect({ ...loadEnvironment(VALID) }).toMatchObject({
      ...VALID,
      DYNAMODB_TABLE: 'test-chat',
      AWS_REGION: 'us-east-1',
      JWT_USERNAME_CLAIM: 'username',
      JWT_EMAIL_CLAIM: 'email',
      JWT_REQUIRED_CLAIMS: ['email', 'username'],
      JWT_VERIFY_SIGNATURE: true,
      PROMPT_MAX_LENGTH: 32_000,
      CHAT_HISTORY_LIMIT: 100,
      TURNS_PER_MINUTE: 20,
      TURNS_PER_DAY: 0,
      TURNS_AT_ONCE: 5,
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
      'LOG_LEVEL must be one of fatal, error, warn, log, debug, verbose, warning, info, trace',
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
    [{ TURNS_AT_ONCE: '1001' }, 'TURNS_AT_ONCE must be at most 1000'],
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
    { TURNS_PER_MINUTE: '0', TURNS_PER_DAY: '0', TURNS_AT_ONCE: '0' },
  ])('accepts %o', (variables) => {
    expect(findProblems({ ...VALID, ...variables })).toEqual([]);
  });

  it.each([
    ['info', 'log'],
    ['INFO', 'log'],
    ['Warning', 'warn'],
    ['trace', 'verbose'],
    ['log ', 'log'],
    ['DEBUG', 'debug'],
  ])('understands LOG_LEVEL=%s as %s', (LOG_LEVEL, level) => {
    expect(loadEnvironment({ ...VALID, LOG_LEVEL }).LOG_LEVEL).toBe(level);
  });

  it('names misspelt variables beside the other problems', () => {
    const { JWT_SECRET_KEY: secret, ...others } = VALID;
    expect(findProblems({ ...others, JWT_SECERT_KEY: secret })).toEqual([
      'JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE',
      'JWT_SECERT_KEY is no variable of this service: did you mean JWT_SECRET_KEY?',
    ]);
    expect(findMisspelt({ ...VALID, TURN_PER_DAY: '5', CORS_ORIGIN: ' ' })).toEqual([
      'TURN_PER_DAY is no variable of this service: did you mean TURNS_PER_DAY?',
    ]);
  });

  it('needs no key if a proxy verifies the token', () => {
    const variables = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_VERIFY_SIGNATURE: 'false' };
    expect(findProblems(variables)).toEqual([]);
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
