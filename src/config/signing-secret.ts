import { isKeyPairMaterial } from './key-pair.js';

/** A key of HS256 has at least the size of its hash (RFC 7518, section 3.2). */
const SECRET_MIN_BYTES = 32;
const PLACEHOLDER = /change[-_ ]?me|your[-_ ]?(jwt[-_ ]?)?secret|placeholder|\d{3}-bits?\b|^(?<same>.)\k<same>*$/i;
const ENCODED = 'base64:';
/** Base64 with either alphabet, padded or not. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2,3}={0,2})?$/;

/**
 * The bytes that sign tokens: the text itself in UTF-8, or what follows `base64:`, decoded. White space in base64 is
 * ignored, because tools wrap it.
 */
export function toSecretBytes(secret: string): Buffer {
  const encoded = findEncoded(secret);
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
}

/** Describes what is wrong with a signing secret, without quoting it. */
export function findSecretProblem(secret: unknown): string | undefined {
  if (typeof secret !== 'string') return 'must be a string';
  const encoded = findEncoded(secret);
  if (encoded !== undefined && !BASE64.test(encoded)) return `must be base64 after ${ENCODED}`;
  const bytes = toSecretBytes(secret);
  const text = bytes.toString();
  if (isKeyPairMaterial(text)) return 'must be a secret, not a public or private key';
  if (PLACEHOLDER.test(text)) return 'must not be a placeholder';
  if (bytes.length < SECRET_MIN_BYTES) return `must be at least ${SECRET_MIN_BYTES} bytes`;
  return undefined;
}

function findEncoded(secret: string): string | undefined {
  return secret.startsWith(ENCODED) ? secret.slice(ENCODED.length).replaceAll(/\s/g, '') : undefined;
}
