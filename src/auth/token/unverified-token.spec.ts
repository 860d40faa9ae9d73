import { describe, expect, it } from '@jest/globals';
import { type IdTokenFault, InvalidIdTokenError } from '../auth.errors.js';
import { parseUnverifiedToken } from './unverified-token.js';

type Part = string | Buffer | object | null;

const encode = (part: Part): string =>
  (Buffer.isBuffer(part) ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part))).toString(
    'base64url',
  );
/** Builds a token. A string is raw JSON text; any other part is serialised. */
const token = (header: Part, payload: Part = { sub: 'u' }, signature = 'c2ln'): string =>
  `${encode(header)}.${encode(payload)}.${signature}`;

const HEADER = { alg: 'HS256' };
const read = (value: string) => parseUnverifiedToken(value, ['HS256', 'RS256']);

describe('parseUnverifiedToken', () => {
  it('returns the header and the payload', () => {
    expect(read(token({ alg: 'RS256', kid: 'k' }, { sub: 'é😀' }))).toEqual({
      header: { alg: 'RS256', kid: 'k' },
      payload: { sub: 'é😀' },
    });
  });

  it.each([
    [{ alg: 'HS256', typ: 'JWT' }],
    [{ alg: 'HS256', typ: 'jwt' }],
    [{ alg: 'HS256', typ: 'Application/JWT' }],
    [
      {
        alg: 'HS256',
        jku: 'https://evil.example/keys',
        x5u: 'https://evil.example/cert',
        jwk: { kty: 'oct', k: 'eA' },
      },
    ],
    ['{"alg":"HS256","__proto__":{"crit":["x"]},"constructor":1}'],
  ])('accepts %j', (header) => {
    expect(read(token(header)).header.alg).toBe('HS256');
  });

  it('accepts an empty signature, which is invalid but not malformed', () => {
    expect(read(token(HEADER, {}, '')).payload).toEqual({});
  });

  const whole = token(HEADER);
  const [h, p, s] = whole.split('.') as [string, string, string];
  it.each<[string, string]>([
    ['one segment', h],
    ['two segments', `${h}.${p}`],
    ['four segments', `${whole}.${s}`],
    ['five segments, like an encrypted token', `${h}..${p}.${s}.${s}`],
    ['only dots', '..'],
    ['an empty payload', `${h}..${s}`],
    ['an empty header', `.${p}.${s}`],
    ['padding in the header', `${h}=.${p}.${s}`],
    ['padding in the signature', `${h}.${p}.c2k=`],
    ['stray bits in the payload', `${h}.${p.replace(/.$/, '1')}.${s}`],
    ['stray bits in the signature', `${h}.${p}.c2l`],
    ['a lone character at the end', `${h}.${p}.${s}A`],
    ['the alphabet of base64', `${h}.${p}.+/+/`],
    ['a space', `${h}.${p}.${s} `],
    ['a line feed', `${h}.\n${p}.${s}`],
    ['a comma', `${whole},`],
    ['a letter outside ASCII', `${h}.${p}.${s}é`],
    ['a scheme in front', `Bearer ${whole}`],
    ['a header that is not JSON', token('{"alg":"HS256"')],
    ['a header that is null', token(null)],
    ['a header that is a list', token('[{"alg":"HS256"}]')],
    ['a header that is a string', token('"HS256"')],
    ['a header with a byte order mark', token('\ufeff{"alg":"HS256"}')],
    ['a header that is not UTF-8', token(Buffer.from('{"alg":"HS256","x":"\xff"}', 'latin1'))],
    ['a payload that is not JSON', token(HEADER, '{sub:1}')],
    ['a payload that is null', token(HEADER, null)],
    ['a payload that is a number', token(HEADER, '1')],
    ['a payload that is a list', token(HEADER, '[]')],
    ['a payload with a byte order mark', token(HEADER, '\ufeff{}')],
    ['a payload that is not UTF-8', token(HEADER, Buffer.from('{"sub":"\xc3"}', 'latin1'))],
  ])('token is malformed: %s', (_, value) => {
    expect(() => read(value)).toThrow(new InvalidIdTokenError('token is malformed'));
  });

  it.each<[IdTokenFault, Part]>([
    ['token type is not allowed', { alg: 'HS256', typ: 'at+jwt' }],
    ['token type is not allowed', { alg: 'HS256', typ: '' }],
    ['token type is not allowed', { alg: 'HS256', typ: null }],
    ['token type is not allowed', { alg: 'HS256', typ: ['JWT'] }],
    ['token type is not allowed', { alg: 'none', typ: 'JWE', crit: ['exp'] }],
    ['algorithm is not allowed', {}],
    ['algorithm is not allowed', { alg: 'none' }],
    ['algorithm is not allowed', { alg: 'None' }],
    ['algorithm is not allowed', { alg: 'hs256' }],
    ['algorithm is not allowed', { alg: 'HS512' }],
    ['algorithm is not allowed', { alg: 'ES256' }],
    ['algorithm is not allowed', { alg: null }],
    ['algorithm is not allowed', { alg: 256 }],
    ['algorithm is not allowed', { alg: ['HS256'] }],
    ['algorithm is not allowed', { alg: 'none', crit: ['exp'] }],
    ['algorithm is not allowed', '{"alg":"HS256","alg":"none"}'],
    ['algorithm is not allowed', '{"__proto__":{"alg":"HS256"}}'],
    ['critical header is not supported', { alg: 'HS256', crit: ['b64'], b64: false }],
    ['critical header is not supported', { alg: 'HS256', crit: [] }],
    ['critical header is not supported', { alg: 'HS256', crit: null }],
  ])('%s: %j', (fault, header) => {
    expect(() => read(token(header))).toThrow(new InvalidIdTokenError(fault));
  });

  it('does not quote the token, even in a cause', () => {
    const refused = (() => {
      try {
        return read(token('{"secret"'));
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(InvalidIdTokenError);
    expect((refused as Error).cause).toBeUndefined();
  });
});
