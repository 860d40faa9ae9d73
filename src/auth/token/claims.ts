import type { Environment } from '../../config/environment.js';
import { InvalidIdTokenError } from '../auth.errors.js';
import type { JsonObject } from './unverified-token.js';
import type { User } from '../user.js';

/** How far an issuer's clock may be ahead of ours when it writes `iat`, in seconds. */
const MAX_ISSUED_AHEAD_SECONDS = 60;
const MAX_USER_ID_CHARACTERS = 255;
/** A DynamoDB sort key has at most 1024 bytes, and the number of a turn comes after the user id. */
const MAX_USER_ID_BYTES = 990;
/** The issuer of a Cognito user pool; each of its tokens says in `token_use` which kind it is. */
const COGNITO_ISSUER = /^https:\/\/(issuer-)?cognito-idp\.[a-z\d-]+\.amazonaws\.com(\.cn)?\//;

/** What Keycloak says in a claim of tokens that it signs for other ends, with the keys of its id tokens. */
const OTHER_TOKEN_TYPES = ['bearer', 'refresh', 'offline'];

/** What this service asks of a token beyond what it asks of every one. */
export interface ClaimRules {
  /** What `iss` must be; anything where absent. */
  readonly issuer?: string | undefined;
  /** One of these must be in `aud`; anything where absent. */
  readonly audiences?: readonly string[] | undefined;
  /** Whether `token_use` has to be there; where it is there it has to be `id` in any case. */
  readonly requiresTokenUse?: boolean | undefined;
  /** The claim that is the user id; where absent `sub`, or `username` of a token without any `sub`. */
  readonly userIdClaim?: string | undefined;
}

/** The rules that the configuration asks for. */
export function claimRulesOf(environment: Environment): ClaimRules {
  return {
    issuer: environment.JWT_ISSUER,
    audiences: environment.JWT_AUDIENCE,
    requiresTokenUse: COGNITO_ISSUER.test(environment.JWT_ISSUER ?? ''),
    userIdClaim: environment.JWT_USER_ID_CLAIM,
  };
}

/**
 * Checks the claims of a token, in this order: times, issuer, audience, use, email, username, user id.
 *
 * @param now - epoch milliseconds. Times are compared in whole seconds and without leeway, but for `iat`.
 * @throws InvalidIdTokenError for the first fault.
 */
export function parseUser(claims: JsonObject, rules: ClaimRules, now: number = Date.now()): User {
  assertTimes(claims, Math.floor(now / 1000));
  if (rules.issuer !== undefined && claim(claims, 'iss') !== rules.issuer) {
    throw new InvalidIdTokenError('issuer is invalid');
  }
  if (rules.audiences !== undefined && !includesAny(claim(claims, 'aud'), rules.audiences)) {
    throw new InvalidIdTokenError('audience is invalid');
  }
  assertIdToken(claims, rules);
  const email = requiredText(claims, 'email');
  if (!email.includes('@')) throw invalid('email');
  return { email, username: requiredText(claims, 'username'), id: userIdOf(claims, rules.userIdClaim) };
}

function assertTimes(claims: JsonObject, now: number): void {
  if (isMissing(claim(claims, 'exp'))) throw required('exp');
  if ((optionalTime(claims, 'exp') ?? 0) <= now) throw new InvalidIdTokenError('token has expired');
  if ((optionalTime(claims, 'nbf') ?? now) > now) throw new InvalidIdTokenError('token is not yet valid');
  if ((optionalTime(claims, 'iat') ?? now) > now + MAX_ISSUED_AHEAD_SECONDS) throw invalid('iat');
}

/** Issuers sign access tokens with the same keys: one of those says what may be done, not who asks. */
function assertIdToken(claims: JsonObject, { requiresTokenUse }: ClaimRules): void {
  const use = claim(claims, 'token_use');
  if (requiresTokenUse && isMissing(use)) throw required('token_use');
  if (use !== undefined && use !== 'id') throw invalid('token_use');
  const type = claim(claims, 'typ');
  if (typeof type === 'string' && OTHER_TOKEN_TYPES.includes(type.toLowerCase())) throw invalid('typ');
}

function userIdOf(claims: JsonObject, configured: string | undefined): string {
  const name = configured ?? (Object.hasOwn(claims, 'sub') ? 'sub' : 'username');
  const id = requiredText(claims, name);
  // `#` separates the user id from the number of a turn in the table's keys.
  // A text has at least as many UTF-16 units as characters.
  const isTooLong = id.length > MAX_USER_ID_CHARACTERS && [...id].length > MAX_USER_ID_CHARACTERS;
  if (id.includes('#') || isTooLong) throw invalid(name);
  if (Buffer.byteLength(id) > MAX_USER_ID_BYTES) throw invalid(name);
  return id;
}

/** A finite number of seconds since the epoch: JSON's `1e400` is Infinity here, and a token that never expires. */
function optionalTime(claims: JsonObject, name: string): number | undefined {
  const value = claim(claims, name);
  if (value !== undefined && !Number.isFinite(value)) throw invalid(name);
  return value as number | undefined;
}

function requiredText(claims: JsonObject, name: string): string {
  const value = claim(claims, name);
  if (isMissing(value)) throw required(name);
  // Control characters forge log lines; a lone surrogate (Cs) turns into another character when it is stored.
  if (typeof value !== 'string' || value.trim() === '' || /[\p{Cc}\p{Cs}]/u.test(value)) throw invalid(name);
  return value;
}

/** A claim's value, or undefined. Only own properties count: every object has a `constructor`. */
function claim(claims: JsonObject, name: string): unknown {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  // Cognito's id tokens have the user name under a name of their own.
  return name === 'username' && isMissing(value) ? claim(claims, 'cognito:username') : value;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** `aud` is one audience or a list of them (RFC 7519, 4.1.3). */
function includesAny(aud: unknown, wanted: readonly string[]): boolean {
  const values: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!values.every((value) => typeof value === 'string')) return false;
  return values.some((value) => wanted.includes(value));
}

function required(name: string): InvalidIdTokenError {
  return new InvalidIdTokenError(`claim '${name}' is required`);
}

function invalid(name: string): InvalidIdTokenError {
  return new InvalidIdTokenError(`claim '${name}' is invalid`);
}
