import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, Environment, loadEnvironment, variableNames } from './environment.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';
const VALID = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: SECRET };

function problemsOf(variables: Record<string, string>): readonly string[] {
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
      PORT: 3000,
      HOST: '127.0.0.1',
      DATA_DIR: '.data',
      LOG_LEVEL: 'log',
    });
  });

  it('names all problems at once, each variable once, and no value', () => {
    const values = { AGENT_ID: 'bad id', PORT: '99999x', JWT_SECRET_KEY: 'short', LOG_LEVEL: 'loud' };
    expect(problemsOf(values)).toEqual([
      'AGENT_ID must be 1 to 10 letters and digits',
      'AGENT_ALIAS_ID is required',
      'JWT_SECRET_KEY must be at least 32 bytes',
      'PORT must be a whole number',
      'LOG_LEVEL must be one of fatal, error, warn, log, debug, verbose',
    ]);
    const message = new ConfigurationError(problemsOf(values)).message;
    for (const value of Object.values(values)) expect(message).not.toContain(value);
  });

  it('takes an empty variable as absent', () => {
    expect(loadEnvironment({ ...VALID, PORT: '', DYNAMODB_TABLE: '  ' })).toMatchObject({
      PORT: 3000,
      DYNAMODB_TABLE: 'test-chat',
    });
  });

  it('takes over no variable that it does not know', () => {
    expect(Object.keys(loadEnvironment({ ...VALID, HOME: '/', AWS_ACCESS_KEY_ID: 'x' }))).not.toContain('HOME');
  });

  it('gives out a frozen object', () => {
    expect(Object.isFrozen(loadEnvironment(VALID))).toBe(true);
  });

  it.each([
    [{ JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY is required'],
    [{ JWT_SECRET_KEY: 'x'.repeat(64) }, 'JWT_SECRET_KEY must not be a placeholder'],
    [{ JWT_SECRET_KEY: 'your-secret-key-please-change-it-soon' }, 'JWT_SECRET_KEY must not be a placeholder'],
    [
      { JWT_SECRET_KEY: `-----BEGIN PUBLIC KEY-----\n${SECRET}\n-----END PUBLIC KEY-----` },
      'JWT_SECRET_KEY must be a secret, not a PEM key',
    ],
    [{ JWT_ALGORITHM: 'RS256' }, 'JWT_ALGORITHM must be one of HS256, HS384, HS512'],
    [{ JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM must be one of HS256, HS384, HS512'],
    [{ JWT_VERIFY_SIGNATURE: 'no' }, 'JWT_VERIFY_SIGNATURE must be true or false'],
    [{ JWT_VERIFY_SIGNATURE: 'false' }, 'JWT_SECRET_KEY must not be set with JWT_VERIFY_SIGNATURE=false'],
    [{ JWT_AUDIENCE: 'app,,web' }, 'JWT_AUDIENCE must be one audience or several separated by commas'],
    [{ AGENT_TIMEOUT_MS: '0' }, 'AGENT_TIMEOUT_MS must be at least 1000'],
    [{ AGENT_TIMEOUT_MS: '1e9' }, 'AGENT_TIMEOUT_MS must be a whole number'],
    [{ AGENT_TIMEOUT_MS: '25000.5' }, 'AGENT_TIMEOUT_MS must be a whole number'],
    [{ AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' }, 'AWS_ENDPOINT_URL_DYNAMODB must be an http or https URL'],
    [{ CHAT_HISTORY_LIMIT: '1' }, 'CHAT_HISTORY_LIMIT must be at least 2'],
    [{ AWS_REGION: 'here' }, 'AWS_REGION must be a region such as us-east-1'],
  ])('refuses %o: %s', (variables, problem) => {
    expect(problemsOf({ ...VALID, ...variables })).toEqual([problem]);
  });

  it.each([
    { AWS_REGION: 'us-gov-west-1' },
    { AWS_REGION: 'ap-southeast-2' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8000' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000' },
    { JWT_AUDIENCE: 'app, web' },
  ])('accepts %o', (variables) => {
    expect(problemsOf({ ...VALID, ...variables })).toEqual([]);
  });

  it('needs no key where something in front verifies the token', () => {
    const variables = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_VERIFY_SIGNATURE: 'false' };
    expect(problemsOf(variables)).toEqual([]);
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

  it('are the same in the README and in the class', () => {
    const table = /## Configuration\n([\s\S]*?)\n## /.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name),
    );
    expect(names.filter((name) => !SDK_OWN.includes(name ?? '')).toSorted()).toEqual(variableNames().toSorted());
  });
});
