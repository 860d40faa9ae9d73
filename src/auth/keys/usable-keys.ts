import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { SigningAlgorithm } from '../../config/signing-algorithms.js';

/** RFC 7518, section 3.3: RSA keys have at least 2048 bits. */
const RSA_MIN_BITS = 2048;
const PUBLIC_TYPES: readonly unknown[] = ['RSA', 'EC'];

/** The algorithms of each curve (RFC 7518, section 3.4). */
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** A public key for verifying signatures, with the id and the algorithm that its issuer gave it. */
interface UsableKey extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/**
 * Selects the keys of a key set that can verify signatures, each once. Other keys are ignored (RFC 7517, section 5), so
 * that one bad key does not refuse the users of the others. Certificates and other fields are dropped.
 *
 * Each key is for one algorithm (RFC 8725, section 3.1). A key without `alg` gets the first one that fits its type.
 *
 * @param keySet - the parsed response of the key server, of any shape.
 * @param algorithms - the allowed algorithms, most important first.
 */
export function selectUsableKeys(keySet: unknown, algorithms: readonly SigningAlgorithm[]): readonly UsableKey[] {
  if (typeof keySet !== 'object' || keySet === null || !('keys' in keySet) || !Array.isArray(keySet.keys)) return [];
  const members: readonly unknown[] = keySet.keys;
  const keys = members.map((key) => toUsableKey(key, algorithms)).filter((key) => key !== undefined);
  // A key that is listed twice would be ambiguous.
  return [...new Map(keys.map((key) => [JSON.stringify(key), key] as const)).values()];
}

function toUsableKey(key: unknown, algorithms: readonly SigningAlgorithm[]): UsableKey | undefined {
  if (typeof key !== 'object' || key === null || !isForSignatures(key)) return undefined;
  const { kid, alg } = key as { kid?: unknown; alg?: unknown };
  if (alg !== undefined && typeof alg !== 'string') return undefined;
  const publicKey = toPublicKey(key);
  if (publicKey === undefined) return undefined;
  const algorithm = alg ?? algorithms.find((allowed) => fits(publicKey, allowed));
  return { ...publicKey, ...(typeof kid === 'string' && { kid }), ...(algorithm !== undefined && { alg: algorithm }) };
}

/** Whether a key has the type of an algorithm, and its curve. */
function fits({ kty, crv }: JsonWebKey, algorithm: SigningAlgorithm): boolean {
  return kty === 'EC' ? CURVES[algorithm] === crv : /^[RP]S/.test(algorithm);
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
