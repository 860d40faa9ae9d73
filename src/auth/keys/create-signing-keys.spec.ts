import { describe, expect, it } from '@jest/globals';
import { Environment } from '../../config/environment.js';
import { createSigningKeys } from './create-signing-keys.js';
import { JwksSigningKeys } from './jwks-signing-keys.js';
import { NoSigningKeys, SecretSigningKeys } from './signing-keys.js';

const SECRET = 'ein-Geheimnis-mit-Umlauten-äöü-und-mehr';
const environment = (values: Partial<Environment>) => Object.assign(new Environment(), values);

describe('signingKeysOf', () => {
  it.each(['HS256', 'HS384', 'HS512'] as const)('makes the secret a key for %s alone', async (algorithm) => {
    const keys = createSigningKeys(environment({ JWT_SECRET_KEY: SECRET, JWT_ALGORITHM: algorithm }));
    const found = await (keys as SecretSigningKeys).find();
    expect(keys.algorithms).toEqual([algorithm]);
    expect(found.algorithm).toBe(algorithm);
    expect(found.key.export().toString()).toBe(SECRET);
  });

  it('has no keys where something in front has checked the signature, and gives none', async () => {
    const keys = createSigningKeys(environment({ JWT_VERIFY_SIGNATURE: false })) as NoSigningKeys;
    expect(keys.algorithms).not.toContain('none');
    await expect(keys.find()).rejects.toThrow('There is no signing key');
  });

  it('never falls back to checking nothing', () => {
    expect(() => createSigningKeys(environment({}))).toThrow('JWT_SECRET_KEY or JWT_JWKS_URI is required');
  });

  it('takes the keys of the issuer where there is no secret, without asking for them yet', () => {
    const issuer = environment({ JWT_ISSUER: 'https://issuer.example/', JWT_AUDIENCE: ['app'] });
    expect(createSigningKeys(issuer)).toBeInstanceOf(JwksSigningKeys);
    expect(createSigningKeys(environment({ ...issuer, JWT_SECRET_KEY: SECRET }))).toBeInstanceOf(SecretSigningKeys);
  });
});
