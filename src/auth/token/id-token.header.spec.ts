import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { InvalidIdTokenError } from '../auth.errors.js';
import { extractIdToken, MAX_TOKEN_BYTES } from './id-token.header.js';

const toSegment = (json: string) => Buffer.from(json).toString('base64url');
/** Two tokens that only begin like tokens: their claims and signatures are not read here. */
const T = `${toSegment('{"alg":"HS256"}')}.b.c`;
const OTHER = `${toSegment('{"alg":"HS256"}')}.b.d`;
const SPACIOUS = `${toSegment('\n { "alg": "HS256" }')}.b.c`;
const AWS =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=ab';

/** A request as Node parses it: `rawHeaders` has every line, `headers` lacks a second `authorization`. */
function request(...lines: [name: string, value: string][]): IncomingMessage {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    if (key === 'authorization') headers[key] ??= value;
    else headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { rawHeaders: lines.flat(), headers } as unknown as IncomingMessage;
}

/** A request as serverless-express makes it: `rawHeaders` is empty, and repeated lines are joined. */
function lambdaRequest(headers: Record<string, string | string[]>): IncomingMessage {
  return { rawHeaders: [], headers } as unknown as IncomingMessage;
}

describe('extractIdToken', () => {
  it.each<[string, IncomingMessage, string?]>([
    ['id_token', request(['id_token', T])],
    ['id_token in any case', request(['Id_Token', T])],
    ['Bearer', request(['Authorization', `Bearer ${T}`])],
    ['bearer in any case', request(['authorization', `bEaReR   ${T}`])],
    ['both with the same token', request(['id_token', T], ['Authorization', `Bearer ${T}`])],
    ['id_token twice with the same token', request(['id_token', T], ['id_token', T])],
    ['Bearer twice with the same token', request(['Authorization', `Bearer ${T}`], ['Authorization', `Bearer ${T}`])],
    ['id_token beside another scheme', request(['id_token', T], ['Authorization', 'Basic dTpw'])],
    ['id_token beside an opaque key', request(['id_token', T], ['Authorization', 'Bearer c2s.MDE.MjM'])],
    ['id_token beside a signature of AWS', request(['id_token', T], ['Authorization', AWS])],
    ['Authorization without a scheme', request(['Authorization', T])],
    ['Authorization with a header that begins with white space', request(['Authorization', SPACIOUS]), SPACIOUS],
    ['Bearer behind another scheme', request(['Authorization', 'Basic dTpw'], ['Authorization', `Bearer ${T}`])],
    ['on Lambda, Bearer and a signature joined', lambdaRequest({ authorization: `Bearer ${T},${AWS}` })],
    ['Bearer beside an empty id_token', request(['id_token', ''], ['Authorization', `Bearer ${T}`])],
    ['on Lambda, id_token', lambdaRequest({ id_token: T })],
    ['on Lambda, repeated and joined', lambdaRequest({ id_token: `${T},${T}` })],
    ['on Lambda, a list', lambdaRequest({ id_token: [T, T] })],
    ['on Lambda, Bearer repeated and joined', lambdaRequest({ authorization: `Bearer ${T},Bearer ${T}` })],
  ])('finds the token: %s', (_, incoming, expected = T) => {
    expect(extractIdToken(incoming)).toBe(expected);
  });

  it.each<[string, IncomingMessage]>([
    ['no header at all', request()],
    ['an empty id_token', request(['id_token', ''])],
    ['another scheme', request(['Authorization', 'Basic dTpw'])],
    ['a scheme that only begins like Bearer', request(['Authorization', `BearerX ${T}`])],
    ['the scheme alone', request(['Authorization', 'Bearer'])],
    ['an opaque key', request(['Authorization', 'Bearer sk-0123456789'])],
    ['an opaque key with dots', request(['Authorization', 'Bearer c2s.MDE.MjM'])],
    ['a key without a scheme', request(['Authorization', 'c2s.MDE.MjM'])],
    ['a signature of AWS', request(['Authorization', AWS])],
    ['JSON without a dot', request(['Authorization', toSegment('{"user":"demo"}')])],
    ['on Lambda, a signature and a key joined', lambdaRequest({ authorization: `${AWS},Bearer sk-1` })],
    ['a header of a similar name', request(['id-token', T])],
    ['a header value that reads id_token', request(['x', 'id_token'], ['y', T])],
    ['a cookie', request(['cookie', `id_token=${T}`])],
  ])('token is missing: %s', (_, incoming) => {
    expect(() => extractIdToken(incoming)).toThrow(new InvalidIdTokenError('token is missing'));
  });

  it.each<[string, IncomingMessage]>([
    ['two id_token lines', request(['id_token', T], ['id_token', OTHER])],
    ['two Bearer lines', request(['Authorization', `Bearer ${T}`], ['Authorization', `Bearer ${OTHER}`])],
    ['two without a scheme', request(['Authorization', T], ['Authorization', OTHER])],
    ['with a scheme and without', request(['Authorization', `Bearer ${T}`], ['Authorization', OTHER])],
    ['id_token and a part of it', request(['id_token', T], ['Authorization', `Bearer ${T.slice(0, -1)}`])],
    ['one in each', request(['id_token', T], ['Authorization', `Bearer ${OTHER}`])],
    ['two in one line', request(['id_token', `${T},${OTHER}`])],
    ['a comma at the end', request(['id_token', `${T},`])],
    ['a comma alone', request(['id_token', ','])],
    ['commas and blanks', request(['id_token', ' , , '])],
    ['on Lambda, a comma alone', lambdaRequest({ id_token: ',' })],
    ['on Lambda, two Bearer joined', lambdaRequest({ authorization: `Bearer ${T},Bearer ${OTHER}` })],
  ])('token is malformed: %s', (_, incoming) => {
    expect(() => extractIdToken(incoming)).toThrow(new InvalidIdTokenError('token is malformed'));
  });

  it('accepts a token of 8 KiB, and no larger one', () => {
    const largest = 'a'.repeat(MAX_TOKEN_BYTES);
    expect(extractIdToken(request(['id_token', largest]))).toBe(largest);
    expect(() => extractIdToken(request(['id_token', `${largest}a`]))).toThrow(
      new InvalidIdTokenError('token is too large'),
    );
  });
});
