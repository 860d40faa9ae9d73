import type { AuthSettings } from '../../config/settings.js';
import { JwksSigningKeys } from './jwks-signing-keys.js';
import { NoSigningKeys, SecretSigningKeys, type SigningKeys } from './signing-keys.js';

/**
 * Creates the source of keys that the settings ask for: a secret, a key set, or none if a proxy verifies signatures.
 *
 * @throws Error if the settings have neither. A validated environment always has one.
 */
export function createSigningKeys(settings: AuthSettings): SigningKeys {
  if (!settings.verifiesSignature) return new NoSigningKeys();
  const { secret, keySetUrl, algorithms } = settings;
  const [algorithm] = algorithms;
  if (secret !== undefined && algorithm !== undefined) return new SecretSigningKeys(secret, algorithm);
  if (keySetUrl !== undefined) return new JwksSigningKeys(keySetUrl, algorithms);
  throw new Error('JWT_SECRET_KEY or JWT_JWKS_URI is required');
}
