import { createPublicKey, type JsonWebKey } from 'node:crypto';

/** RFC 7518, section 3.3: RSA keys have at least 2048 bits. */
const RSA_MIN_BITS = 2048;
const PUBLIC_TYPES: readonly unknown[] = ['RSA', 'EC'];

/** A public key that signatures can be checked with, and what its issuer says of it. */
interface UsableKey extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/**
 * The keys of a key set that signatures can be checked with, each once. All else in it is ignored, as RFC 7517, section 5
 * says: one odd key must not lock out the users of the others, and a key that is listed twice is not ambiguous. Of what
 * stands around a key, such as certificates, nothing is kept.
 *
 * @param keySet - whatever the issuer sent.
 */
export function usableKeys(keySet: unknown): readonly UsableKey[] {
  if (typeof keySet !== 'object' || keySet === null || !('keys' in keySet) || !Array.isArray(keySet.keys)) return [];
  const members: readonly unknown[] = keySet.keys;
  const keys = members.map(usableKey).filter((key) => key !== undefined);
  return [...new Map(keys.map((key) => [JSON.stringify(key), key] as const)).values()];
}

function usableKey(key: unknown): UsableKey | undefined {
  if (typeof key !== 'object' || key === null || !isForSignatures(key)) return undefined;
  const { kid, alg } = key as { kid?: unknown; alg?: unknown };
  if (alg !== undefined && typeof alg !== 'string') return undefined;
  const publicKey = publicKeyOf(key);
  return publicKey && { ...publicKey, ...(typeof kid === 'string' && { kid }), ...(alg !== undefined && { alg }) };
}

/** By what it says of itself. A private key that lies open proves nothing any more. */
function isForSignatures(key: object): boolean {
  const { kty, use = 'sig', key_ops: operations = ['verify'] } = key as Readonly<Record<string, unknown>>;
  if (!PUBLIC_TYPES.includes(kty) || use !== 'sig' || 'd' in key) return false;
  return Array.isArray(operations) && operations.includes('verify');
}

/** The key alone, or nothing where it is none: a number is missing, its point is off the curve, it is too short. */
function publicKeyOf(key: object): JsonWebKey | undefined {
  try {
    const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const { modulusLength = RSA_MIN_BITS } = publicKey.asymmetricKeyDetails ?? {};
    return modulusLength < RSA_MIN_BITS ? undefined : publicKey.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}
