import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { InvalidIdTokenError } from '../auth.errors.js';
import { extractIdToken, MAX_TOKEN_BYTES } from './id-token.header.js';

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
  it.each<[string, IncomingMessage]>([
    ['id_token', request(['id_token', 'a.b.c'])],
    ['id_token in any case', request(['Id_Token', 'a.b.c'])],
    ['Bearer', request(['Authorization', 'Bearer a.b.c'])],
    ['bearer in any case', request(['authorization', 'bEaReR   a.b.c'])],
    ['both with the same token', request(['id_token', 'a.b.c'], ['Authorization', 'Bearer a.b.c'])],
    ['id_token twice with the same token', request(['id_token', 'a.b.c'], ['id_token', 'a.b.c'])],
    ['Bearer twice with the same token', request(['Authorization', 'Bearer a.b.c'], ['Authorization', 'Bearer a.b.c'])],
    ['id_token beside another scheme', request(['id_token', 'a.b.c'], ['Authorization', 'Basic dTpw'])],
    ['Bearer beside an empty id_token', request(['id_token', ''], ['Authorization', 'Bearer a.b.c'])],
    ['on Lambda, id_token', lambdaRequest({ id_token: 'a.b.c' })],
    ['on Lambda, repeated and joined', lambdaRequest({ id_token: 'a.b.c,a.b.c' })],
    ['on Lambda, a list', lambdaRequest({ id_token: ['a.b.c', 'a.b.c'] })],
    ['on Lambda, Bearer repeated and joined', lambdaRequest({ authorization: 'Bearer a.b.c,Bearer a.b.c' })],
  ])('finds the token: %s', (_, incoming) => {
    expect(extractIdToken(incoming)).toBe('a.b.c');
  });

  it.each<[string, IncomingMessage]>([
    ['no header at all', request()],
    ['an empty id_token', request(['id_token', ''])],
    ['another scheme', request(['Authorization', 'Basic dTpw'])],
    ['a scheme that only begins like Bearer', request(['Authorization', 'BearerX a.b.c'])],
    ['the scheme alone', request(['Authorization', 'Bearer'])],
    ['a token without a scheme', request(['Authorization', 'a.b.c'])],
    ['a header of a similar name', request(['id-token', 'a.b.c'])],
    ['a header value that reads id_token', request(['x', 'id_token'], ['y', 'a.b.c'])],
    ['a cookie', request(['cookie', 'id_token=a.b.c'])],
  ])('token is missing: %s', (_, incoming) => {
    expect(() => extractIdToken(incoming)).toThrow(new InvalidIdTokenError('token is missing'));
  });

  it.each<[string, IncomingMessage]>([
    ['two id_token lines', request(['id_token', 'a.b.c'], ['id_token', 'a.b.d'])],
    ['two Bearer lines', request(['Authorization', 'Bearer a.b.c'], ['Authorization', 'Bearer a.b.d'])],
    ['one in each', request(['id_token', 'a.b.c'], ['Authorization', 'Bearer a.b.d'])],
    ['two in one line', request(['id_token', 'a.b.c,a.b.d'])],
    ['a comma at the end', request(['id_token', 'a.b.c,'])],
    ['a comma alone', request(['id_token', ','])],
    ['commas and blanks', request(['id_token', ' , , '])],
    ['on Lambda, a comma alone', lambdaRequest({ id_token: ',' })],
    ['on Lambda, two Bearer joined', lambdaRequest({ authorization: 'Bearer a.b.c,Bearer a.b.d' })],
  ])('token is malformed: %s', (_, incoming) => {
    expect(() => extractIdToken(incoming)).toThrow(new InvalidIdTokenError('token is malformed'));
  });

  it('returns text after a Bearer token too, which is malformed later', () => {
    expect(extractIdToken(request(['Authorization', 'Bearer a.b.c, x']))).toBe('a.b.c, x');
  });

  it('accepts a token of 8 KiB, and no larger one', () => {
    const largest = 'a'.repeat(MAX_TOKEN_BYTES);
    expect(extractIdToken(request(['id_token', largest]))).toBe(largest);
    expect(() => extractIdToken(request(['id_token', `${largest}a`]))).toThrow(
      new InvalidIdTokenError('token is too large'),
    );
  });
});
