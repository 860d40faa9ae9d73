import type { IncomingMessage } from 'node:http';
import { InvalidIdTokenError } from '../auth.errors.js';

/** The largest token that is looked at, in bytes: 8 KiB. */
export const MAX_TOKEN_BYTES = 8192;

/**
 * Finds the one token of a request: in the header `id_token`, or in `Authorization: Bearer` because nginx and
 * `sam local` drop header names with an underscore. The same token may come in both.
 *
 * @throws InvalidIdTokenError when there is none, when there are two different ones, or when it is too large.
 */
export function extractIdToken(request: IncomingMessage): string {
  const tokens = [...idTokens(request), ...bearerTokens(request)];
  const [token] = tokens;
  if (token === undefined) throw new InvalidIdTokenError('token is missing');
  // Whoever reads the other one, a proxy for instance, would see another user than we do. In a list one may be empty.
  if (token === '' || tokens.some((other) => other !== token)) throw new InvalidIdTokenError('token is malformed');
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw new InvalidIdTokenError('token is too large');
  return token;
}

/** A repeated header may arrive as one line joined by commas, and a token has no comma. */
function idTokens(request: IncomingMessage): string[] {
  const lines = headerLines(request, 'id_token');
  return lines.length === 1 && !lines[0]?.includes(',')
    ? lines
    : lines.flatMap((line) => line.split(',').map((token) => token.trim()));
}

/** The scheme's name ignores case (RFC 9110, 11.1); other schemes are not ours to judge. */
function bearerTokens(request: IncomingMessage): string[] {
  const lines = headerLines(request, 'authorization');
  if (lines.length === 0) return lines;
  return lines
    .flatMap((line) => line.split(/,[ \t]*(?=bearer[ \t])/i))
    .flatMap((line) => /^bearer[ \t]+(.+)$/i.exec(line.trim())?.[1] ?? []);
}

/**
 * All lines of a header that are not empty. `headers` alone would hide a second `Authorization`; the raw ones are
 * empty behind serverless-express, which fills in nothing but `headers`.
 */
function headerLines({ rawHeaders, headers }: IncomingMessage, name: string): string[] {
  if (rawHeaders.length === 0) return notEmpty([headers[name] ?? []].flat());
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] ?? '';
    if (field.length !== name.length || field.toLowerCase() !== name) continue;
    lines.push(rawHeaders[index + 1] ?? '');
  }
  return notEmpty(lines);
}

function notEmpty(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}
