import { afterEach, describe, expect, it } from '@jest/globals';
import { killServers, spawnServer } from '../support/spawned-server.js';

/** Runs the program. `src/config/environment-keys.spec.ts` tests all other faults. */
describe('a start with unsafe keys', () => {
  afterEach(killServers);

  it.each<[string, Record<string, string>, string]>([
    ['no key', {}, 'JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE'],
    [
      'a PEM',
      { JWT_SECRET_KEY: `-----BEGIN PUBLIC KEY-----\n${'QUJD'.repeat(20)}\n-----END PUBLIC KEY-----` },
      'JWT_SECRET_KEY must be a secret, not a public or private key',
    ],
  ])('ends with 1 and a message without the value: %s', async (_, variables, message) => {
    const server = spawnServer({ NODE_ENV: 'production', AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', ...variables });
    expect(await server.exited).toBe(1);
    expect(server.printed).toBe(`The configuration is not valid:\n  ${message}\n`);
  });
});
