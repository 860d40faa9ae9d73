import type { IncomingMessage } from 'node:http';
import { InvalidIdTokenError } from '../auth.errors.js';

/** Largest accepted token, in bytes: 8 KiB. */
export const MAX_TOKEN_BYTES = 8192;

/**
 * Finds the token of a request in `id_token` or `Authorization`. nginx and `sam local` drop header names with an
 * underscore. The same token may be in both headers. An `Authorization` without a JWT is ignored, because a gateway may
 * need it for credentials of its own.
 *
 * @throws InvalidIdTokenError if there is no token, there are two different ones, or it is too large.
 */
export function extractIdToken(request: IncomingMessage): string {
  const tokens = [...findIdTokens(request), ...findAuthorizationTokens(request)];
  const [token] = tokens;
  if (token === undefined) throw new InvalidIdTokenError('token is missing');
  // With two tokens, a proxy might read the other one and see another user. A list may have an empty member.
  if (token === '' || tokens.some((other) => other !== token)) throw new InvalidIdTokenError('token is malformed');
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw new InvalidIdTokenError('token is too large');
  return token;
}

/** A proxy may join repeated headers with commas; a token has no comma. */
function findIdTokens(request: IncomingMessage): string[] {
  return findHeaderLines(request, 'id_token').flatMap((line) => line.split(',').map((token) => token.trim()));
}

/**
 * JWTs behind the scheme Bearer, or without a scheme as authorizers of Cognito take them. The scheme is case-insensitive
 * (RFC 9110, section 11.1). Repeated lines may be joined by commas.
 */
function findAuthorizationTokens(request: IncomingMessage): string[] {
  return findHeaderLines(request, 'authorization')
    .flatMap((line) => line.split(','))
    .map((credentials) => credentials.trim().replace(/^bearer[ \t]+/i, ''))
    .filter(looksLikeJwt);
}

/** Whether text begins like a JWT: with a segment that is JSON (RFC 7519, section 7.2). Opaque keys may have dots too. */
function looksLikeJwt(text: string): boolean {
  const [header = ''] = text.split('.', 1);
  return header !== text && /^\s*\{/.test(Buffer.from(header, 'base64url').toString());
}

/**
 * All lines of a header that are not blank. `headers` alone would hide a second `Authorization`. Behind
 * serverless-express there is only `headers`: it leaves `rawHeaders` empty.
 */
function findHeaderLines({ rawHeaders, headers }: IncomingMessage, name: string): string[] {
  const lines =
    rawHeaders.length === 0
      ? [headers[name] ?? []].flat()
      : rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}
