import { describe, expect, it } from '@jest/globals';
import { Environment } from '../../config/environment.js';
import { InvalidIdTokenError, type IdTokenFault } from '../auth.errors.js';
import { claimRulesOf, type ClaimRules, parseUser } from './claims.js';
import type { JsonObject } from './unverified-token.js';

const NOW = 1_700_000_000;
const GOOD = { exp: NOW + 60, sub: 'u-1', email: 'ann@example.com', username: 'ann' };

/** The good claims with some replaced; undefined takes one away. From JSON text, as they come in real life. */
function claims(changes: JsonObject = {}): JsonObject {
  return JSON.parse(JSON.stringify({ ...GOOD, ...changes })) as JsonObject;
}
const user = (given: JsonObject, rules: ClaimRules = {}) => parseUser(given, rules, NOW * 1000);

function expectFault(fault: IdTokenFault, given: JsonObject, rules: ClaimRules = {}): void {
  expect(() => user(given, rules)).toThrow(new InvalidIdTokenError(fault));
}

describe('userOf', () => {
  it('gives the user', () => {
    expect(user(claims())).toEqual({ id: 'u-1', email: 'ann@example.com', username: 'ann' });
  });

  describe('the times', () => {
    it.each<[JsonObject]>([
      [{ exp: NOW + 1 }],
      [{ exp: NOW + 0.5 }],
      [{ nbf: NOW }],
      [{ nbf: -1 }],
      [{ iat: NOW + 60 }],
      [{ iat: 0, nbf: 0 }],
    ])('lets %j pass', (changes) => {
      expect(user(claims(changes)).id).toBe('u-1');
    });

    it.each<[IdTokenFault, JsonObject]>([
      ["claim 'exp' is required", { exp: undefined }],
      ["claim 'exp' is required", { exp: null }],
      ["claim 'exp' is required", { exp: '' }],
      ["claim 'exp' is invalid", { exp: String(NOW + 60) }],
      ["claim 'exp' is invalid", { exp: true }],
      ["claim 'exp' is invalid", { exp: [NOW + 60] }],
      ["claim 'exp' is invalid", { exp: {} }],
      ['token has expired', { exp: NOW }],
      ['token has expired', { exp: NOW - 1 }],
      ['token has expired', { exp: 0 }],
      ['token has expired', { exp: -1 }],
      ['token is not yet valid', { nbf: NOW + 1 }],
      ["claim 'nbf' is invalid", { nbf: '0' }],
      ["claim 'nbf' is invalid", { nbf: null }],
      ["claim 'iat' is invalid", { iat: NOW + 61 }],
      ["claim 'iat' is invalid", { iat: '0' }],
      ["claim 'iat' is invalid", { iat: null }],
    ])('%s: %j', (fault, changes) => {
      expectFault(fault, claims(changes));
    });

    it.each(['exp', 'nbf', 'iat'])('refuses 1e400 as %s, which JSON.parse makes infinite', (name) => {
      const given = { ...GOOD, ...(JSON.parse(`{"${name}":1e400}`) as JsonObject) };
      expectFault(`claim '${name}' is invalid`, given);
    });

    it('compares whole seconds, as jsonwebtoken and jose do', () => {
      expect(parseUser(claims({ exp: NOW + 1 }), {}, NOW * 1000 + 999).id).toBe('u-1');
      expect(() => parseUser(claims({ exp: NOW + 1 }), {}, NOW * 1000 + 1000)).toThrow('token has expired');
    });

    it('goes by the real clock when it is given none', () => {
      expect(() => parseUser(claims(), {})).toThrow('token has expired');
      expect(parseUser(claims({ exp: Date.now() / 1000 + 5 }), {}).id).toBe('u-1');
    });
  });

  describe('the issuer and the audience', () => {
    const rules = { issuer: 'https://issuer.example', audiences: ['web', 'app'] };
    const right = { iss: 'https://issuer.example', aud: 'app' };

    it.each<[JsonObject, ClaimRules]>([
      [right, rules],
      [{ ...right, aud: ['other', 'web'] }, rules],
      [{ iss: 'anyone', aud: 'anything' }, {}],
      [{}, {}],
    ])('lets %j pass', (changes, given) => {
      expect(user(claims(changes), given).id).toBe('u-1');
    });

    it.each<[IdTokenFault, JsonObject]>([
      ['issuer is invalid', { ...right, iss: undefined }],
      ['issuer is invalid', { ...right, iss: 'https://issuer.example/' }],
      ['issuer is invalid', { ...right, iss: ['https://issuer.example'] }],
      ['issuer is invalid', { iss: 'other', aud: 'other' }],
      ['audience is invalid', { ...right, aud: undefined }],
      ['audience is invalid', { ...right, aud: 'web,app' }],
      ['audience is invalid', { ...right, aud: [] }],
      ['audience is invalid', { ...right, aud: ['other'] }],
      ['audience is invalid', { ...right, aud: ['web', 1] }],
      ['audience is invalid', { ...right, aud: [['web']] }],
      ['audience is invalid', { ...right, aud: { web: true } }],
    ])('%s: %j', (fault, changes) => {
      expectFault(fault, claims(changes), rules);
    });
  });

  describe('what says who it is', () => {
    it.each<[JsonObject, Partial<Record<'id' | 'email' | 'username', string>>]>([
      [{ token_use: 'id' }, { id: 'u-1' }],
      [{ typ: 'ID' }, { id: 'u-1' }],
      [{ typ: ['Bearer'] }, { id: 'u-1' }],
      [
        { username: undefined, 'cognito:username': 'ann2' },
        { id: 'u-1', username: 'ann2' },
      ],
      [{ username: '', 'cognito:username': 'ann2' }, { username: 'ann2' }],
      [{ 'cognito:username': 'ann2' }, { username: 'ann' }],
      [{ sub: undefined }, { id: 'ann' }],
      [
        { sub: undefined, username: undefined, 'cognito:username': 'ann2' },
        { id: 'ann2', username: 'ann2' },
      ],
      [{ username: 'Ann Ö. 😀' }, { username: 'Ann Ö. 😀' }],
      [{ username: 'a#b' }, { id: 'u-1', username: 'a#b' }],
      [{ sub: 'x'.repeat(255) }, { id: 'x'.repeat(255) }],
      [{ sub: '字'.repeat(255) }, { id: '字'.repeat(255) }],
    ])('takes %j', (changes, expected) => {
      expect(user(claims(changes))).toMatchObject(expected);
    });

    it.each<[IdTokenFault, JsonObject]>([
      ["claim 'token_use' is invalid", { token_use: 'access' }],
      ["claim 'token_use' is invalid", { token_use: null }],
      ["claim 'token_use' is invalid", { token_use: ['id'] }],
      ["claim 'typ' is invalid", { typ: 'Bearer' }],
      ["claim 'typ' is invalid", { typ: 'BEARER' }],
      ["claim 'typ' is invalid", { typ: 'refresh' }],
      ["claim 'typ' is invalid", { typ: 'Offline' }],
      ["claim 'email' is invalid", { email: 'ann.example.com' }],
      ["claim 'email' is required", { email: undefined, username: undefined }],
      ["claim 'username' is required", { username: undefined, sub: undefined }],
      ["claim 'username' is required", { username: null, 'cognito:username': '' }],
      ["claim 'username' is invalid", { username: undefined, 'cognito:username': 7 }],
      ["claim 'username' is invalid", { username: 'a#b', sub: undefined }],
      ["claim 'sub' is invalid", { sub: 'a#b' }],
      ["claim 'sub' is invalid", { sub: 'x'.repeat(256) }],
      // Within 255 characters, but with the number of a turn behind it too long for a sort key.
      ["claim 'sub' is invalid", { sub: '😀'.repeat(255) }],
    ])('%s: %j', (fault, changes) => {
      expectFault(fault, claims(changes));
    });

    const names = ['email', 'username', 'sub'] as const;
    it.each(names.flatMap((name) => [null, ''].map((value) => [name, value] as const)))(
      "claim '%s' is required: %j",
      (name, value) => {
        expectFault(`claim '${name}' is required`, claims({ [name]: value }));
      },
    );

    const wrong = [' ', '\t', '\u00a0', 'a@b\u0000', 'a@\nb', 'a@b\u007f', 'a@b\u0085', 'a@\ud800', '\udc00@b'];
    it.each(
      names.flatMap((name) => [...wrong, 0, 1, true, false, [], ['a@b'], {}].map((value) => [name, value] as const)),
    )("claim '%s' is invalid: %j", (name, value) => {
      expectFault(`claim '${name}' is invalid`, claims({ [name]: value }));
    });
  });

  describe('the claim that is the user id', () => {
    it.each<[string, JsonObject, string]>([
      ['oid', { oid: 'o-1' }, 'o-1'],
      ['email', {}, 'ann@example.com'],
      ['username', { username: undefined, 'cognito:username': 'ann2' }, 'ann2'],
      ['https://example.com/id', { 'https://example.com/id': 'x' }, 'x'],
    ])('%s', (userIdClaim, changes, id) => {
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
      const given = JSON.parse(
        `{"__proto__":{"oid":"x"},"exp":${GOOD.exp},"email":"a@b","username":"a"}`,
      ) as JsonObject;
      expectFault("claim 'oid' is required", given, { userIdClaim: 'oid' });
    });
  });
});

describe('claimRulesOf', () => {
  it('asks for nothing unless configured', () => {
    expect(claimRulesOf(new Environment())).toEqual({ requiresTokenUse: false });
  });

  it('splits the audiences', () => {
    const environment = { JWT_AUDIENCE: ['web', 'app'], JWT_ISSUER: 'i', JWT_USER_ID_CLAIM: 'oid' };
    expect(claimRulesOf(Object.assign(new Environment(), environment))).toEqual({
      issuer: 'i',
      audiences: ['web', 'app'],
      requiresTokenUse: false,
      userIdClaim: 'oid',
    });
  });

  it.each([
    ['https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E', true],
    ['https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E', true],
    ['https://my-issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E', false],
    ['https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab12Cd34E', true],
    ['https://cognito-idp.eu-central-1.amazonaws.com.example/pool', false],
    ['https://issuer.example', false],
  ])('wants token_use of the issuer %s: %s', (JWT_ISSUER, wanted) => {
    expect(claimRulesOf(Object.assign(new Environment(), { JWT_ISSUER })).requiresTokenUse).toBe(wanted);
  });
});

describe('token_use', () => {
  it.each<[IdTokenFault, JsonObject]>([
    ["claim 'token_use' is required", {}],
    ["claim 'token_use' is required", { token_use: null }],
    ["claim 'token_use' is invalid", { token_use: 'access' }],
    ["claim 'token_use' is invalid", { token_use: ['id'] }],
  ])('%s where it has to be there: %j', (fault, changes) => {
    expectFault(fault, claims(changes), { requiresTokenUse: true });
  });

  it('is id', () => {
    expect(user(claims({ token_use: 'id' }), { requiresTokenUse: true }).id).toBe('u-1');
  });
});
