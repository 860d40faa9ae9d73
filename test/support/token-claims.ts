import { expect } from '@jest/globals';
import { type IdTokenFault, InvalidIdTokenError } from '../../src/auth/auth.errors.js';
import { type ClaimSettings, parseUser } from '../../src/auth/token/token-claims.js';
import type { JsonObject } from '../../src/auth/token/unverified-token.js';
import type { User } from '../../src/auth/user.js';

/** Epoch seconds: the time at which claims are checked. */
export const NOW = 1_700_000_000;
/** Claims that pass every check. */
export const GOOD = { exp: NOW + 60, sub: 'u-1', email: 'ann@example.com', username: 'ann' };

/** Settings that check nothing, except for `changes`. */
export function settings(changes: Partial<ClaimSettings> = {}): ClaimSettings {
  return {
    issuer: undefined,
    audiences: undefined,
    userIdClaim: undefined,
    usernameClaim: 'username',
    emailClaim: 'email',
    requiredClaims: ['email', 'username'],
    sessionClaims: [],
    ...changes,
  };
}

/** Valid claims with `changes`; undefined removes a claim. They come from JSON text, as in a real token. */
export function claims(changes: JsonObject = {}): JsonObject {
  return JSON.parse(JSON.stringify({ ...GOOD, ...changes })) as JsonObject;
}

/** The user of claims. */
export function user(given: JsonObject, changes: Partial<ClaimSettings> = {}): User {
  return parseUser(given, settings(changes), NOW * 1000);
}

export function expectFault(fault: IdTokenFault, given: JsonObject, changes: Partial<ClaimSettings> = {}): void {
  expect(() => user(given, changes)).toThrow(new InvalidIdTokenError(fault));
}
