import { findKeySetUrl } from '../../config/environment-keys.js';
import type { Environment } from '../../config/environment.js';
import { JwksSigningKeys } from './jwks-signing-keys.js';
import { NoSigningKeys, SecretSigningKeys, type SigningKeys } from './signing-keys.js';

/**
 * The keys that the configuration asks for: a secret, or those of an issuer, or none where something in front of us
 * has checked the signature.
 *
 * @throws Error when it asks for none of them, which its own check does not let happen.
 */
export function createSigningKeys(environment: Environment): SigningKeys {
  if (environment.JWT_VERIFY_SIGNATURE === false) return new NoSigningKeys();
  const { JWT_SECRET_KEY: secret, JWT_ALGORITHM: algorithm } = environment;
  if (secret !== undefined) return new SecretSigningKeys(secret, algorithm);
  const url = findKeySetUrl(environment);
  if (url === undefined) throw new Error('JWT_SECRET_KEY or JWT_JWKS_URI is required');
  return new JwksSigningKeys(url);
}
