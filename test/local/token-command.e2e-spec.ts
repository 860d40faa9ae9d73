import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { startLocalSecret } from '../../scripts/lambda/local-secret.js';
import { silence } from '../support/silence.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';

describe('npm run token', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'token-command-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  async function runToken(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const command = ['--import', './scripts/typescript.mjs', 'scripts/token.ts', ...args];
    const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, ...variables };
    const result = await promisify(execFile)(process.execPath, command, { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
    );
    silence.keep(SECRET);
    silence.wrote('npm run token', result.stderr.replace(/Usage:[^]*/, ''));
    return result;
  }

  it('prints the token alone, and says on standard error that the dev key signed it', async () => {
    const { code, stdout, stderr } = await runToken(['--sub', 'alice']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const key = readFileSync(join(dataDir, 'dev-key'), 'utf8');
    expect(jwt.verify(stdout.trim(), key)).toMatchObject({ sub: 'alice' });
    expect(stderr).toMatch(/^User alice; expires at \d{4}-[\d-]+T[\d:.]+Z; signed with the dev key of .*\n$/);
    expect(stderr).toContain(`the dev key of ${dataDir}, because neither JWT_SECRET_KEY nor JWT_SECRET_ARN is set`);
  });

  it('says that JWT_SECRET_KEY signed it, and does not read the variables of agents', async () => {
    const agents = {
      AGENT_ID: 'AGENT',
      AGENT_HARNESS_ARN: 'no ARN',
      AGENT_MAX_TOKENS: '100',
      AGENT_TIMEOUT_MS: 'soon',
    };
    const { stdout, stderr } = await runToken(['--sub', 'bob', '--expired'], { ...agents, JWT_SECRET_KEY: SECRET });
    expect(jwt.verify(stdout.trim(), SECRET, { ignoreExpiration: true })).toMatchObject({ sub: 'bob' });
    expect(stderr).toMatch(/^User bob; expired at .*; signed with JWT_SECRET_KEY\.\n$/);
  });

  it('says that the secret of JWT_SECRET_ARN signed it, without the ARN', async () => {
    const stored = await startLocalSecret(SECRET);
    const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
    const { stdout, stderr } = await runToken(['--sub', 'carol'], { ...stored.variables, ...credentials });
    await stored.close();
    expect(jwt.verify(stdout.trim(), SECRET)).toMatchObject({ sub: 'carol' });
    expect(stderr).toMatch(/^User carol; .*; signed with the secret of JWT_SECRET_ARN\.\n$/);
  });

  it('refuses a JWT_SECRET_ARN that is set but blank, although there is a key', async () => {
    expect(await runToken(['--sub', 'alice'], { JWT_SECRET_ARN: ' ', JWT_SECRET_KEY: SECRET })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^The configuration is not valid:\n {2}JWT_SECRET_ARN is set but empty: .*\n$/),
    });
  });

  it('explains itself when it is asked for help', async () => {
    const { code, stdout, stderr } = await runToken(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: npm run token -- --sub alice/);
  });

  it.each([
    ['no user', [], '--sub is required'],
    ['an option that it does not know', ['--sub', 'alice', '--admin'], "Unknown option '--admin'"],
  ])('ends with 1, the reason and its usage for %s', async (_, args, reason) => {
    const { code, stdout, stderr } = await runToken(args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('Usage: npm run token');
  });
});
