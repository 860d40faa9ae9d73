import { isUtf8 } from 'node:buffer';
import type { SigningAlgorithm } from '../../config/signing-algorithms.js';
import { InvalidIdTokenError } from '../auth.errors.js';

/** A JSON object from outside; its values are unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The header fields that are used. `jku`, `x5u`, `jwk` and the like are never read. */
export interface TokenHeader {
  readonly alg: SigningAlgorithm;
  /** Names the key; unchecked. */
  readonly kid?: unknown;
}

/** A well-formed token. Its signature is not verified yet. */
export interface UnverifiedToken {
  readonly header: TokenHeader;
  readonly payload: JsonObject;
}

const TOKEN_TYPES = ['jwt', 'application/jwt'];

/**
 * Checks the form of a token before any cryptography. It has three segments of canonical base64url, of which the first
 * two are JSON objects. Then `typ`, `alg` and `crit` are checked. A signed payload `null` would throw uncaught inside
 * jsonwebtoken.
 *
 * @param algorithms - the allowed values of `alg`.
 * @throws InvalidIdTokenError for the first fault.
 */
export function parseUnverifiedToken(token: string, algorithms: readonly SigningAlgorithm[]): UnverifiedToken {
  const [header = '', payload = '', signature, ...others] = token.split('.');
  if (signature === undefined || others.length > 0) throw malformed();
  // An empty signature is well-formed; it is refused as invalid later.
  decode(signature);
  const fields = parseObject(header);
  const claims = parseObject(payload);
  if (fields['typ'] !== undefined && !isTokenType(fields['typ'])) {
    throw new InvalidIdTokenError('token type is not allowed');
  }
  const alg = algorithms.find((algorithm) => algorithm === fields['alg']);
  if (alg === undefined) throw new InvalidIdTokenError('algorithm is not allowed');
  // RFC 7515, section 4.1.11: unknown extensions must be refused, and we know none.
  if (fields['crit'] !== undefined) throw new InvalidIdTokenError('critical header is not supported');
  return { header: { alg, kid: fields['kid'] }, payload: claims };
}

/** Decodes canonical base64url only, so that a token has one spelling. Node accepts padding, `+`, `/` and stray bits. */
function decode(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw malformed();
  return bytes;
}

function parseObject(segment: string): JsonObject {
  const bytes = decode(segment);
  // Otherwise invalid UTF-8 would become replacement characters.
  if (!isUtf8(bytes)) throw malformed();
  let value: unknown;
  try {
    // JSON.parse refuses a byte order mark.
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Without a cause: the message of the parser quotes the token.
    throw malformed();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as JsonObject;
}

function isTokenType(value: unknown): boolean {
  return typeof value === 'string' && TOKEN_TYPES.includes(value.toLowerCase());
}

function malformed(): InvalidIdTokenError {
  return new InvalidIdTokenError('token is malformed');
}
