import { describe, expect, it } from '@jest/globals';
import type { IdTokenFault } from '../auth.errors.js';
import type { ClaimSettings } from './token-claims.js';
import type { JsonObject } from './unverified-token.js';
import { claims, expectFault, GOOD, user } from '../../../test/support/token-claims.js';

describe('the configured claims of the user name and the address', () => {
  const renamed = { usernameClaim: 'preferred_username', emailClaim: 'https://example.com/mail' };
  const given = { preferred_username: 'jane', 'https://example.com/mail': 'j@x.example' };

  it('are read instead of the usual ones', () => {
    expect(user(claims(given), renamed)).toMatchObject({ username: 'jane', email: 'j@x.example' });
  });

  it('may be one claim', () => {
    expect(user(claims({ username: undefined }), { usernameClaim: 'email' })).toMatchObject({
      username: 'ann@example.com',
      email: 'ann@example.com',
    });
  });

  it.each<[IdTokenFault, JsonObject]>([
    ["claim 'https://example.com/mail' is required", { preferred_username: 'jane' }],
    ["claim 'https://example.com/mail' is invalid", { ...given, 'https://example.com/mail': 'nobody' }],
    ["claim 'preferred_username' is required", { ...given, preferred_username: '', 'cognito:username': 'x' }],
    ["claim 'preferred_username' is invalid", { ...given, preferred_username: 'a\nb' }],
    ["claim 'preferred_username' is invalid", { ...given, preferred_username: ['jane'] }],
  ])('are named by the errors: %s', (fault, changes) => {
    expectFault(fault, claims(changes), renamed);
  });

  it('are never the user id of a token without sub, because two users may share a name', () => {
    expect(user(claims({ ...given, sub: undefined }), renamed).id).toBe('ann');
    expectFault("claim 'sub' is required", claims({ ...given, sub: undefined, username: undefined }), renamed);
  });
});

describe('a claim that is not required', () => {
  it.each<[ClaimSettings['requiredClaims'], JsonObject, object]>([
    [['email'], { username: undefined }, { email: 'ann@example.com' }],
    [['email'], { username: null }, { email: 'ann@example.com' }],
    [['username'], { email: '' }, { username: 'ann' }],
    [[], { email: undefined, username: undefined }, {}],
    [['email'], {}, { email: 'ann@example.com', username: 'ann' }],
  ])('may be missing: %j, %j', (requiredClaims, changes, expected) => {
    const { id, email, username } = user(claims(changes), { requiredClaims });
    expect(JSON.parse(JSON.stringify({ id, email, username }))).toEqual({ id: 'u-1', ...expected });
  });

  it.each<[IdTokenFault, ClaimSettings['requiredClaims'], JsonObject]>([
    ["claim 'email' is required", ['email'], { email: undefined, username: undefined }],
    ["claim 'username' is required", ['username'], { username: undefined }],
    ["claim 'email' is invalid", [], { email: 'nobody' }],
    ["claim 'username' is invalid", ['email'], { username: 7 }],
    ["claim 'sub' is required", [], { sub: null }],
    ["claim 'sub' is required", [], { sub: undefined, username: undefined }],
  ])('is checked if it is there, and frees no other claim: %s', (fault, requiredClaims, changes) => {
    expectFault(fault, claims(changes), { requiredClaims });
  });
});

describe('the configured claim of the user id', () => {
  it.each<[string, JsonObject, string]>([
    ['oid', { oid: 'o-1' }, 'o-1'],
    ['email', {}, 'ann@example.com'],
    ['username', { username: undefined, 'cognito:username': 'ann2' }, 'ann2'],
    ['https://example.com/id', { 'https://example.com/id': 'x' }, 'x'],
  ])('reads the user id from %s', (userIdClaim, changes, id) => {
    expect(user(claims(changes), { userIdClaim }).id).toBe(id);
  });

  it.each<[IdTokenFault, string, JsonObject]>([
    ["claim 'oid' is required", 'oid', {}],
    ["claim 'sub' is required", 'sub', { sub: undefined }],
    ["claim 'oid' is invalid", 'oid', { oid: 'a#b' }],
    ["claim 'oid' is invalid", 'oid', { oid: 5 }],
    ["claim 'constructor' is required", 'constructor', {}],
    ["claim 'toString' is required", 'toString', {}],
    ["claim '__proto__' is required", '__proto__', {}],
  ])('%s', (fault, userIdClaim, changes) => {
    expectFault(fault, claims(changes), { userIdClaim });
  });

  it('is not inherited from a claim named __proto__', () => {
    const given = JSON.parse(`{"__proto__":{"oid":"x"},"exp":${GOOD.exp},"email":"a@b","username":"a"}`) as JsonObject;
    expectFault("claim 'oid' is required", given, { userIdClaim: 'oid' });
  });
});
