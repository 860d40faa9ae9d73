import { describe, expect, it } from '@jest/globals';
import type { IdTokenFault } from '../auth.errors.js';
import { type ClaimSettings, parseUser } from './token-claims.js';
import type { JsonObject } from './unverified-token.js';
import { claims, expectFault, GOOD, NOW, settings, user } from '../../../test/support/token-claims.js';

describe('parseUser', () => {
  it('returns the user', () => {
    expect(user(claims())).toEqual({ id: 'u-1', email: 'ann@example.com', username: 'ann', attributes: {} });
  });

  it('returns the claims for the agent as text, if the token has them', () => {
    const given = claims({ 'custom:tenant': 'acme', groups: ['a', 'b'], level: 3, none: null });
    const sessionClaims = ['email', 'custom:tenant', 'groups', 'level', 'none', 'absent'];
    expect(user(given, { sessionClaims }).attributes).toEqual({
      email: 'ann@example.com',
      'custom:tenant': 'acme',
      groups: '["a","b"]',
      level: '3',
    });
  });

  describe('the times', () => {
    it.each<[JsonObject]>([
      [{ exp: NOW + 1 }],
      [{ exp: NOW + 0.5 }],
      [{ nbf: NOW }],
      [{ nbf: -1 }],
      [{ iat: NOW + 60 }],
      [{ iat: 0, nbf: 0 }],
    ])('accepts %j', (changes) => {
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

    it('compares whole seconds, like jsonwebtoken and jose', () => {
      expect(parseUser(claims({ exp: NOW + 1 }), settings(), NOW * 1000 + 999).id).toBe('u-1');
      expect(() => parseUser(claims({ exp: NOW + 1 }), settings(), NOW * 1000 + 1000)).toThrow('token has expired');
    });

    it('uses the system clock by default', () => {
      expect(() => parseUser(claims(), settings())).toThrow('token has expired');
      expect(parseUser(claims({ exp: Date.now() / 1000 + 5 }), settings()).id).toBe('u-1');
    });
  });

  describe('the issuer and the audience', () => {
    const rules = { issuer: 'https://issuer.example', audiences: ['web', 'app'] };
    const right = { iss: 'https://issuer.example', aud: 'app' };

    it.each<[JsonObject, Partial<ClaimSettings>]>([
      [right, rules],
      [{ ...right, aud: ['other', 'web'] }, rules],
      [{ iss: 'anyone', aud: 'anything' }, {}],
      [{}, {}],
    ])('accepts %j', (changes, given) => {
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

  describe('the claims that describe the user', () => {
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
    ])('accepts %j', (changes, expected) => {
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
      // 255 characters, but 1020 bytes.
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
});

describe('token_use', () => {
  const COGNITO = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E';

  it.each([
    [COGNITO, true],
    ['https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E', true],
    ['https://my-issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E', false],
    ['https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab12Cd34E', true],
    ['https://cognito-idp.eu-central-1.amazonaws.com.example/pool', false],
    ['https://issuer.example', false],
  ])('is required from the issuer %s: %s', (issuer, isRequired) => {
    if (isRequired) expectFault("claim 'token_use' is required", claims({ iss: issuer }), { issuer });
    else expect(user(claims({ iss: issuer }), { issuer }).id).toBe('u-1');
  });

  it.each<[IdTokenFault, JsonObject]>([
    ["claim 'token_use' is required", {}],
    ["claim 'token_use' is required", { token_use: null }],
    ["claim 'token_use' is invalid", { token_use: 'access' }],
    ["claim 'token_use' is invalid", { token_use: ['id'] }],
  ])('%s from Cognito: %j', (fault, changes) => {
    expectFault(fault, claims({ iss: COGNITO, ...changes }), { issuer: COGNITO });
  });

  it('may be id', () => {
    expect(user(claims({ iss: COGNITO, token_use: 'id' }), { issuer: COGNITO }).id).toBe('u-1');
  });
});
