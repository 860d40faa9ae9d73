import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { silence } from '../support/silence.js';
import { SERVICE } from '../support/spawned-server.js';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-signing-key-AbCdEf';
const KEY = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';

/** Runs a server that should not start. */
async function failedStart(
  variables: Record<string, string>,
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const env = { ...process.env, AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', PORT: '0', ...variables };
  const running = promisify(execFile)(process.execPath, [SERVICE], { env, timeout: 30_000 });
  const end = await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: unknown; stdout: string; stderr: string }) => error,
  );
  silence.keep(...Object.values(variables));
  silence.wrote('the server process', end.stdout + end.stderr);
  return end;
}

describe('a server whose signing secret', () => {
  it.each([
    [
      'cannot be read',
      { JWT_SECRET_ARN: ARN, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' },
      'JWT_SECRET_ARN names a secret that cannot be read: ECONNREFUSED',
    ],
    [
      'is given twice',
      { JWT_SECRET_ARN: ARN, JWT_SECRET_KEY: KEY },
      'JWT_SECRET_KEY must not be set with JWT_SECRET_ARN',
    ],
  ])('%s does not start, and says why without a value', async (_what, variables, problem) => {
    const { code, stdout, stderr } = await failedStart(variables);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `The configuration is not valid:\n  ${problem}\n`,
    });
  });
});
