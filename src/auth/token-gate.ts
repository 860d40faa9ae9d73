import { InvalidIdTokenError } from './auth.errors.js';

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

const TOKEN_TYPES = ['jwt', 'application/jwt'];
// A byte order mark is kept, so that JSON.parse refuses it: jsonwebtoken would read the same bytes the same way.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Checks the form of a token before any cryptography: three segments of canonical base64url, header and payload JSON
 * objects (a signed payload `null` would throw inside jsonwebtoken, where nobody catches it), then `typ`, `alg`, `crit`.
 *
 * @param algorithms - those that `alg` may name.
 * @throws InvalidIdTokenError for the first fault.
 */
export function readToken(token: string, algorithms: readonly SigningAlgorithm[]): UnverifiedToken {
  const segments = token.split('.', 4);
  const [header, payload] = segments.map(decodeSegment);
  if (header === undefined || payload === undefined || segments.length !== 3) throw malformed();
  const fields = parseObject(header);
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

/** Node decodes padding, `+`, `/` and stray bits too; only what comes out the same again has one spelling. */
function decodeSegment(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw malformed();
  return bytes;
}

function parseObject(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
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
