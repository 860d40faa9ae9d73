import type { RequirableClaim } from '../../config/environment-rules.js';
import type { AuthSettings } from '../../config/settings.js';
import { InvalidIdTokenError } from '../auth.errors.js';
import { type User, USER_ID_MAX_BYTES, USER_ID_MAX_CHARACTERS } from '../user.js';
import type { JsonObject } from './unverified-token.js';

/** How far `iat` may be in the future, because the clock of the issuer may be ahead. */
const MAX_ISSUED_AHEAD_SECONDS = 60;
/** The issuer of a Cognito user pool. All its tokens have `token_use`. */
const COGNITO_ISSUER = /^https:\/\/(issuer-)?cognito-idp\.[a-z\d-]+\.amazonaws\.com(\.cn)?\//;
/** The claim `typ` of Keycloak's other tokens. They have the same keys as its id tokens. */
const OTHER_TOKEN_TYPES = ['bearer', 'refresh', 'offline'];

/** The settings that claims are checked against. */
export type ClaimSettings = Pick<
  AuthSettings,
  'issuer' | 'audiences' | 'userIdClaim' | 'usernameClaim' | 'emailClaim' | 'requiredClaims' | 'sessionClaims'
>;

/**
 * Checks the claims of a token in this order: times, issuer, audience, use, email, username, user id.
 *
 * @param now - epoch milliseconds. Times are compared in whole seconds; only `iat` has a tolerance.
 * @throws InvalidIdTokenError for the first fault.
 */
export function parseUser(claims: JsonObject, settings: ClaimSettings, now: number = Date.now()): User {
  const { issuer, audiences, userIdClaim, usernameClaim, emailClaim, requiredClaims, sessionClaims } = settings;
  checkTimes(claims, Math.floor(now / 1000));
  if (issuer !== undefined && getClaim(claims, 'iss') !== issuer) throw new InvalidIdTokenError('issuer is invalid');
  if (audiences !== undefined && !includesAny(getClaim(claims, 'aud'), audiences)) {
    throw new InvalidIdTokenError('audience is invalid');
  }
  checkIsIdToken(claims, issuer);
  const read = (role: RequirableClaim) => (requiredClaims.includes(role) ? requireText : findText);
  const email = read('email')(claims, emailClaim);
  if (email?.includes('@') === false) throw invalid(emailClaim);
  const username = read('username')(claims, usernameClaim);
  const id = requireUserId(claims, userIdClaim);
  return { id, email, username, attributes: toAttributes(claims, sessionClaims) };
}

function checkTimes(claims: JsonObject, now: number): void {
  if (isMissing(getClaim(claims, 'exp'))) throw required('exp');
  if ((getTime(claims, 'exp') ?? 0) <= now) throw new InvalidIdTokenError('token has expired');
  if ((getTime(claims, 'nbf') ?? now) > now) throw new InvalidIdTokenError('token is not yet valid');
  if ((getTime(claims, 'iat') ?? now) > now + MAX_ISSUED_AHEAD_SECONDS) throw invalid('iat');
}

/** Issuers sign access tokens with the same keys. An access token says what is allowed, not who the user is. */
function checkIsIdToken(claims: JsonObject, issuer = ''): void {
  const use = getClaim(claims, 'token_use');
  if (isMissing(use) && COGNITO_ISSUER.test(issuer)) throw required('token_use');
  if (use !== undefined && use !== 'id') throw invalid('token_use');
  const type = getClaim(claims, 'typ');
  if (typeof type === 'string' && OTHER_TOKEN_TYPES.includes(type.toLowerCase())) throw invalid('typ');
}

/** Without `sub` it is `username` itself. What JWT_USERNAME_CLAIM names may be a name that two users share. */
function requireUserId(claims: JsonObject, configured: string | undefined): string {
  const isNamed = !Object.hasOwn(claims, 'sub') && !isMissing(getClaim(claims, 'username'));
  const name = configured ?? (isNamed ? 'username' : 'sub');
  const id = requireText(claims, name);
  const isTooLong = [...id].length > USER_ID_MAX_CHARACTERS || Buffer.byteLength(id) > USER_ID_MAX_BYTES;
  if (id.includes('#') || isTooLong) throw invalid(name);
  return id;
}

/** The named claims that the token has, as text. Values that are not text become JSON. */
function toAttributes(claims: JsonObject, names: readonly string[]): Record<string, string> {
  const given = names.map((name) => [name, getClaim(claims, name)] as const).filter(([, value]) => !isMissing(value));
  const toText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(given.map(([name, value]) => [name, toText(value).toWellFormed()]));
}

/** A finite number of seconds since the epoch. JSON.parse makes `1e400` Infinity: such a token would never expire. */
function getTime(claims: JsonObject, name: string): number | undefined {
  const value = getClaim(claims, name);
  if (value !== undefined && !Number.isFinite(value)) throw invalid(name);
  return value as number | undefined;
}

function requireText(claims: JsonObject, name: string): string {
  const text = findText(claims, name);
  if (text === undefined) throw required(name);
  return text;
}

function findText(claims: JsonObject, name: string): string | undefined {
  const value = getClaim(claims, name);
  if (isMissing(value)) return undefined;
  // Control characters forge log lines. A lone surrogate (Cs) becomes another character when it is stored.
  if (typeof value !== 'string' || value.trim() === '' || /[\p{Cc}\p{Cs}]/u.test(value)) throw invalid(name);
  return value;
}

/** Reads own properties only: every object inherits a `constructor`. */
function getClaim(claims: JsonObject, name: string): unknown {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  // Cognito's id tokens have the user name as `cognito:username`.
  return name === 'username' && isMissing(value) ? getClaim(claims, 'cognito:username') : value;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** `aud` is one audience or a list of them (RFC 7519, section 4.1.3). */
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
