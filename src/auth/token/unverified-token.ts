import { isUtf8 } from 'node:buffer';
import { InvalidIdTokenError } from '../auth.errors.js';

/** Every algorithm that signs (RFC 7518, 3.1): `none` is not one. */
// prettier-ignore
export const SIGNING_ALGORITHMS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512',
] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A JSON object that came from outside: nothing is known of its values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The part of a token's header that we go by. `jku`, `x5u`, `jwk` and the like are never looked at. */
export interface TokenHeader {
  readonly alg: SigningAlgorithm;
  /** Names the key. Whoever looks it up has to expect anything, not only a string. */
  readonly kid?: unknown;
}

/** A token with the right form. Nothing of it is proven: its signature has not been checked. */
export interface UnverifiedToken {
  readonly header: TokenHeader;
  readonly payload: JsonObject;
}

/** Three segments of base64url (RFC 7515, 3.1), the last of which may be empty: that is a bad signature. */
const COMPACT_FORM = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;
/**
 * What a segment may end with, by its length modulo 4: the letters whose last bits, which stand for nothing, are zero
 * (RFC 4648, 3.5). A single letter is less than a byte. Nothing is wrong with a whole group.
 */
const LAST_LETTERS: readonly (string | undefined)[] = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'];
const TOKEN_TYPES = ['jwt', 'application/jwt'];

/**
 * Checks the form of a token before any cryptography: three segments of canonical base64url, header and payload JSON
 * objects (a signed payload `null` would throw inside jsonwebtoken, where nobody catches it), then `typ`, `alg`, `crit`.
 *
 * @param algorithms - those that `alg` may name.
 * @throws InvalidIdTokenError for the first fault.
 */
export function parseUnverifiedToken(token: string, algorithms: readonly SigningAlgorithm[]): UnverifiedToken {
  const [, header = '', payload = '', signature = ''] = COMPACT_FORM.exec(token) ?? [];
  if (header === '' || !isCanonical(header) || !isCanonical(payload) || !isCanonical(signature)) throw malformed();
  const fields = parseHeader(header);
  const claims = parseObject(payload);
  if (fields['typ'] !== undefined && !isTokenType(fields['typ'])) {
    throw new InvalidIdTokenError('token type is not allowed');
  }
  const alg = algorithms.find((algorithm) => algorithm === fields['alg']);
  if (alg === undefined) throw new InvalidIdTokenError('algorithm is not allowed');
  // We understand no extension, and RFC 7515, 4.1.11 has us refuse what we do not understand.
  if (fields['crit'] !== undefined) throw new InvalidIdTokenError('critical header is not supported');
  return { header: { alg, kid: fields['kid'] }, payload: claims };
}

/**
 * Whether a segment is what its bytes are encoded as, so that a token has one spelling. Node decodes padding, `+`, `/`
 * and stray bits too; to encode again what it decoded, and compare, takes three times as long as to look at the end.
 */
function isCanonical(segment: string): boolean {
  const allowed = LAST_LETTERS[segment.length % 4];
  return allowed === undefined || segment.length === 0 || allowed.includes(segment.charAt(segment.length - 1));
}

/** Tokens of one key begin alike to the letter, so the last header that was read is kept. */
let lastHeader: { readonly segment: string; readonly fields: JsonObject } = { segment: '', fields: {} };

function parseHeader(segment: string): JsonObject {
  if (segment !== lastHeader.segment) lastHeader = { segment, fields: parseObject(segment) };
  return lastHeader.fields;
}

function parseObject(segment: string): JsonObject {
  const bytes = Buffer.from(segment, 'base64url');
  // Bytes that are no UTF-8 would become other characters. (A TextDecoder that refuses them takes five times as long.)
  if (!isUtf8(bytes)) throw malformed();
  let value: unknown;
  try {
    // A byte order mark is kept, and JSON.parse refuses it.
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Without a cause: the parser's message quotes the token.
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
