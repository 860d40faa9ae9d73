import type { IncomingMessage } from 'node:http';

/**
 * Headers that may have one line only (RFC 9112, 3.2; RFC 9110, 5.3).
 * Of several lines Node takes the first, and another server might take the last.
 */
const SINGLE_LINE_HEADERS = ['host', 'content-type'] as const;
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * Whether every server reads this request in the same way. Node's parser accepts three faults against RFC 9112:
 * no `host` or several (3.2), an invalid target (3.2), a coding other than `chunked` (6.1).
 */
export function isUnambiguous(request: IncomingMessage): boolean {
  const { headers, headersDistinct, httpVersion } = request;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return false;
  if (SINGLE_LINE_HEADERS.some((name) => (headersDistinct[name]?.length ?? 0) > 1)) return false;
  return (headers.host !== undefined || httpVersion === '1.0') && hasValidTarget(request);
}

/** Removes the origin from a target in absolute form (RFC 9112, 3.2.2), which Express cannot route. */
export function toOriginForm(target: string): string {
  const path = target.replace(ORIGIN, '');
  return target === path || path.startsWith('/') ? path : `/${path}`;
}

/** RFC 9112, 3.2: a path, a URL, or `*` with OPTIONS. Node does not emit CONNECT as a request. */
function hasValidTarget({ method, url = '' }: IncomingMessage): boolean {
  if (url.startsWith('/')) return true;
  return url === '*' ? method === 'OPTIONS' : isUrlWithoutUser(url);
}

/** A URL with a user in it is an error (RFC 9110, 4.2.4). */
function isUrlWithoutUser(target: string): boolean {
  if (!ORIGIN.test(target) || !URL.canParse(target)) return false;
  const { username, password } = new URL(target);
  return username === '' && password === '';
}
