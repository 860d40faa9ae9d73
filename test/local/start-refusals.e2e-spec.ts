import { afterEach, describe, expect, it } from '@jest/globals';
import { killServers, spawnServer } from '../support/spawned-server.js';
import { SECRET } from '../support/tokens.js';

const ISSUER = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'app' };

/** Runs the program. `src/config/environment.spec.ts` tests all other faults. */
describe('a start with unsafe keys', () => {
  afterEach(killServers);

  it.each<[string, Record<string, string>, string]>([
    ['no key', {}, 'JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE'],
    [
      'a PEM',
      { JWT_SECRET_KEY: `-----BEGIN PUBLIC KEY-----\n${'QUJD'.repeat(20)}\n-----END PUBLIC KEY-----` },
      'JWT_SECRET_KEY must be a secret, not a public or private key',
    ],
    ['a short secret', { JWT_SECRET_KEY: SECRET.slice(0, 31) }, 'JWT_SECRET_KEY must be at least 32 bytes'],
    [
      'a placeholder',
      { JWT_SECRET_KEY: 'your-256-bit-secret-goes-here-in-32-bytes' },
      'JWT_SECRET_KEY must not be a placeholder',
    ],
    [
      'a secret that nobody uses',
      { JWT_SECRET_KEY: SECRET, JWT_VERIFY_SIGNATURE: 'false' },
      'JWT_SECRET_KEY must not be set with JWT_VERIFY_SIGNATURE=false',
    ],
    [
      'a key set over http',
      { ...ISSUER, JWT_JWKS_URI: 'http://keys.example/set' },
      'JWT_JWKS_URI must be an https URL, or an http URL of this machine',
    ],
    [
      'a secret and a key set',
      { ...ISSUER, JWT_SECRET_KEY: SECRET, JWT_JWKS_URI: 'https://keys.example/set' },
      'JWT_JWKS_URI must not be set with JWT_SECRET_KEY',
    ],
    [
      'a key set that nobody uses',
      { ...ISSUER, JWT_JWKS_URI: 'https://keys.example/set', JWT_VERIFY_SIGNATURE: 'false' },
      'JWT_JWKS_URI must not be set with JWT_VERIFY_SIGNATURE=false',
    ],
  ])('ends with 1 and a message without the value: %s', async (_, variables, message) => {
    const server = spawnServer({ NODE_ENV: 'production', AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', ...variables });
    expect(await server.exited).toBe(1);
    expect(server.printed).toBe(`The configuration is not valid:\n  ${message}\n`);
  });
});
