import type { IncomingMessage } from 'node:http';

/** What a request may have one line of (RFC 9112, 3.2; RFC 9110, 5.3): Node takes the first, others may take the last. */
const SINGLE_LINES = ['host', 'content-type'] as const;
const AUTHORITY = /^https?:\/\/[^/?#]*/i;

/**
 * What Node lets pass and RFC 9112 does not: no host or several (3.2), a target that is none (3.2), a body that is coded
 * otherwise than in chunks (6.1). Two servers could read such a request in two ways.
 */
export function isUnambiguous(request: IncomingMessage): boolean {
  const { headers, headersDistinct, httpVersion } = request;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return false;
  if (SINGLE_LINES.some((name) => (headersDistinct[name]?.length ?? 0) > 1)) return false;
  return (headers.host !== undefined || httpVersion === '1.0') && hasTarget(request);
}

/** The path and query of a target that names its server too (RFC 9112, 3.2.2), which Express would choke on. */
export function originForm(target: string): string {
  const path = target.replace(AUTHORITY, '');
  return target === path || path.startsWith('/') ? path : `/${path}`;
}

/** RFC 9112, 3.2: a path, `*` for the server itself, or the address of a resource. CONNECT never gets here. */
function hasTarget({ method, url = '' }: IncomingMessage): boolean {
  if (url.startsWith('/')) return true;
  return url === '*' ? method === 'OPTIONS' : isAddress(url);
}

/** One with a user in it is to be treated as an error (RFC 9110, 4.2.4). */
function isAddress(target: string): boolean {
  if (!AUTHORITY.test(target) || !URL.canParse(target)) return false;
  const { username, password } = new URL(target);
  return username === '' && password === '';
}
