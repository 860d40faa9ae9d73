import { describe, expect, it } from '@jest/globals';
import { Environment } from '../../config/environment.js';
import { AuthSettings } from '../../config/settings.js';
import { createSigningKeys } from './create-signing-keys.js';
import { JwksSigningKeys } from './jwks-signing-keys.js';
import { NoSigningKeys, SecretSigningKeys, type SigningKeys } from './signing-keys.js';

const SECRET = 'ein-Geheimnis-mit-Umlauten-äöü-und-mehr';

function createFrom(variables: Partial<Environment>): SigningKeys {
  return createSigningKeys(new AuthSettings(Object.assign(new Environment(), variables)));
}

describe('createSigningKeys', () => {
  it.each(['HS256', 'HS384', 'HS512'] as const)('uses the secret for %s only', async (algorithm) => {
    const keys = createFrom({ JWT_SECRET_KEY: SECRET, JWT_ALGORITHM: [algorithm] });
    const found = await (keys as SecretSigningKeys).find();
    expect(keys.algorithms).toEqual([algorithm]);
    expect(found.algorithm).toBe(algorithm);
    expect(found.key.export().toString()).toBe(SECRET);
  });

  it('decodes a secret that begins with base64:', async () => {
    const keys = createFrom({ JWT_SECRET_KEY: `base64:${Buffer.from(SECRET).toString('base64')}` });
    expect((await (keys as SecretSigningKeys).find()).key.export().toString()).toBe(SECRET);
  });

  it('creates a source without keys if signatures are not verified', async () => {
    const keys = createFrom({ JWT_VERIFY_SIGNATURE: false }) as NoSigningKeys;
    expect(keys.algorithms).not.toContain('none');
    await expect(keys.find()).rejects.toThrow('There is no signing key');
  });

  it('throws if signatures are verified and no key is configured', () => {
    expect(() => createFrom({})).toThrow('JWT_SECRET_KEY or JWT_JWKS_URI is required');
  });

  it('uses the key set of the issuer if there is no secret, and does not fetch it yet', () => {
    const issuer = { JWT_ISSUER: 'https://issuer.example/', JWT_AUDIENCE: ['app'] };
    expect(createFrom(issuer)).toBeInstanceOf(JwksSigningKeys);
    expect(createFrom(issuer).algorithms).toEqual(['RS256', 'ES256']);
    expect(createFrom({ ...issuer, JWT_ALGORITHM: ['PS512'] }).algorithms).toEqual(['PS512']);
    expect(createFrom({ ...issuer, JWT_SECRET_KEY: SECRET })).toBeInstanceOf(SecretSigningKeys);
  });
});
