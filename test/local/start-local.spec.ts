import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { loadEnvironment, type RawEnvironment } from '../../src/config/environment.js';
import { type LocalParts, startLocal } from '../../src/local/start-local.js';

describe('startLocal', () => {
  let dataDir: string;
  let sut: LocalParts | undefined;

  beforeEach(async () => {
    sut = undefined;
    dataDir = await mkdtemp(join(tmpdir(), 'local-'));
  });
  afterEach(async () => {
    await sut?.close();
    await rm(dataDir, { recursive: true });
  });

  async function start(variables: RawEnvironment = {}) {
    sut = await startLocal({ dataDir, variables, onAgentFailure: () => undefined });
    return { parts: sut, environment: loadEnvironment({ ...variables, ...sut.variables }) };
  }

  it('returns a complete configuration, and a token that passes it', async () => {
    const { parts, environment } = await start();

    expect(environment).toMatchObject({ AGENT_ID: 'LOCALAGENT', AGENT_ALIAS_ID: 'LOCALALIAS' });
    expect(environment.AWS_ENDPOINT_URL_DYNAMODB).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(parts.tablePath).toBe(join(dataDir, 'dynamodb'));
    expect(jwt.verify(parts.demoToken(environment) ?? '', environment.JWT_SECRET_KEY ?? '')).toMatchObject({
      sub: 'demo',
    });
  });

  it.each([
    ['classic', { AGENT_ID: 'LOCALAGENT' }, 'AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME'],
    ['harness', { AGENT_HARNESS_ARN: expect.stringMatching(/harness/) }, 'AWS_ENDPOINT_URL_BEDROCK_AGENTCORE'],
    ['converse', { AGENT_MODEL_ID: 'local.emulated-model-v1:0' }, 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME'],
  ] as const)('emulates the agent that LOCAL_AGENT names: %s', async (name, variables, endpoint) => {
    const { parts, environment } = await start({ LOCAL_AGENT: name });

    expect(parts.agent.name).toBe(name);
    expect(environment).toMatchObject(variables);
    expect(environment[endpoint]).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it.each([
    [{ LOCAL_AGENT: 'runtime' }, 'LOCAL_AGENT must be one of classic, harness, converse'],
    [{ LOCAL_AGENT: 'constructor' }, 'LOCAL_AGENT must be one of classic, harness, converse'],
    [{ LOCAL_AGENT_MODEL: 'small' }, 'LOCAL_AGENT_MODEL and LOCAL_AGENT_KEY need LOCAL_AGENT_URL'],
    [{ LOCAL_AGENT_URL: 'localhost:11434' }, 'LOCAL_AGENT_URL must be an http or https URL'],
    [{ LOCAL_AGENT_URL: 'http://me:secret@localhost' }, 'LOCAL_AGENT_URL must be an http or https URL without a user'],
    [{ LOCAL_AGENT_URL: 'http://localhost', LOCAL_AGENT_KEY: 'a b' }, 'LOCAL_AGENT_KEY must be ASCII'],
    [{ AGENT_QUALIFIER: 'live' }, 'AGENT_QUALIFIER needs AGENT_HARNESS_ARN, or LOCAL_AGENT=harness'],
    [{ AGENT_GUARDRAIL_ID: 'g1' }, 'AGENT_GUARDRAIL_ID needs AGENT_MODEL_ID, or LOCAL_AGENT=converse'],
    [
      { LOCAL_AGENT: 'harness', AGENT_SESSION_CLAIMS: 'email' },
      'AGENT_SESSION_CLAIMS needs AGENT_ID, or LOCAL_AGENT=classic',
    ],
  ])('refuses %j in one line, before it starts anything', async (variables, line) => {
    const error = await start(variables as RawEnvironment).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ name: 'LocalModeError', message: expect.stringContaining(line) });
    expect(String(error)).not.toMatch(/\n|secret|a b/);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it.each([
    { LOCAL_AGENT: 'classic', AGENT_SESSION_CLAIMS: 'email' },
    { LOCAL_AGENT: 'harness', AGENT_QUALIFIER: 'live' },
    { LOCAL_AGENT: 'converse', AGENT_SYSTEM_PROMPT: 'Be brief' },
  ])('takes settings of the agent that it emulates: %j', async (variables) => {
    const { LOCAL_AGENT: _, ...settings } = variables;
    const expected = 'AGENT_SESSION_CLAIMS' in settings ? { AGENT_SESSION_CLAIMS: ['email'] } : settings;

    expect((await start(variables)).environment).toMatchObject(expected);
  });

  it('accepts a token from before a restart', async () => {
    const before = await start();
    const token = before.parts.demoToken(before.environment) ?? '';
    await before.parts.close();

    const { environment } = await start();

    expect(jwt.verify(token, environment.JWT_SECRET_KEY ?? '')).toMatchObject({ sub: 'demo' });
  });

  it('uses a table and a key of your own', async () => {
    const own = { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8000', JWT_SECRET_KEY: '0123456789'.repeat(4) };

    const { parts, environment } = await start(own);

    expect(environment).toMatchObject(own);
    expect(parts.tablePath).toBeUndefined();
    expect(await readdir(dataDir)).toEqual([]);
    expect(jwt.verify(parts.demoToken(environment) ?? '', own.JWT_SECRET_KEY)).toBeTruthy();
  });

  it('sets no key if a secret is to be read', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-signing-key-AbCdEf';

    const { environment } = await start({ JWT_SECRET_ARN: arn });

    expect(environment.JWT_SECRET_ARN).toBe(arn);
    expect(environment.JWT_SECRET_KEY).toBeUndefined();
  });

  it('sets no key if signatures are not verified', async () => {
    const { parts, environment } = await start({ JWT_VERIFY_SIGNATURE: 'false' });

    expect(environment.JWT_SECRET_KEY).toBeUndefined();
    expect(jwt.decode(parts.demoToken(environment) ?? '')).toMatchObject({ sub: 'demo' });
  });

  it('sets no key and signs no token if an issuer does', async () => {
    const { parts, environment } = await start({ JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'app' });

    expect(environment.JWT_SECRET_KEY).toBeUndefined();
    expect(parts.demoToken(environment)).toBeUndefined();
  });

  it('refuses a folder that another process uses', async () => {
    await start();

    await expect(startLocal({ dataDir, variables: {}, onAgentFailure: () => undefined })).rejects.toThrow(
      /^already running/,
    );
  });
});
