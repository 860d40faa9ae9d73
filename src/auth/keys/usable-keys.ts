import { createPublicKey, type JsonWebKey } from 'node:crypto';

/** RFC 7518, section 3.3: RSA keys have at least 2048 bits. */
const RSA_MIN_BITS = 2048;
const PUBLIC_TYPES: readonly unknown[] = ['RSA', 'EC'];

/** A public key for verifying signatures, with the id and the algorithm that its issuer gave it. */
interface UsableKey extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/**
 * Selects the keys of a key set that can verify signatures, each once. Other keys are ignored (RFC 7517, section 5), so
 * that one bad key does not refuse the users of the others. Certificates and other fields are dropped.
 *
 * @param keySet - the parsed response of the key server, of any shape.
 */
export function selectUsableKeys(keySet: unknown): readonly UsableKey[] {
  if (typeof keySet !== 'object' || keySet === null || !('keys' in keySet) || !Array.isArray(keySet.keys)) return [];
  const members: readonly unknown[] = keySet.keys;
  const keys = members.map(toUsableKey).filter((key) => key !== undefined);
  // A key that is listed twice would be ambiguous.
  return [...new Map(keys.map((key) => [JSON.stringify(key), key] as const)).values()];
}

function toUsableKey(key: unknown): UsableKey | undefined {
  if (typeof key !== 'object' || key === null || !isForSignatures(key)) return undefined;
  const { kid, alg } = key as { kid?: unknown; alg?: unknown };
  if (alg !== undefined && typeof alg !== 'string') return undefined;
  const publicKey = toPublicKey(key);
  return publicKey && { ...publicKey, ...(typeof kid === 'string' && { kid }), ...(alg !== undefined && { alg }) };
}

/** Whether the key's own fields allow it. A published private key (`d`) proves nothing. */
function isForSignatures(key: object): boolean {
  const { kty, use = 'sig', key_ops: operations = ['verify'] } = key as Readonly<Record<string, unknown>>;
  if (!PUBLIC_TYPES.includes(kty) || use !== 'sig' || 'd' in key) return false;
  return Array.isArray(operations) && operations.includes('verify');
}

/** The bare key, or undefined if a number is missing, its point is off the curve, or it is too short. */
function toPublicKey(key: object): JsonWebKey | undefined {
  try {
    const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const { modulusLength = RSA_MIN_BITS } = publicKey.asymmetricKeyDetails ?? {};
    return modulusLength < RSA_MIN_BITS ? undefined : publicKey.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}
