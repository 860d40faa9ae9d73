import { METHODS } from 'node:http';
import { HEADERS_MAX_BYTES, HEADERS_TOO_LARGE, INVALID_REQUEST, type Refusal } from '../http/server/refusals.js';
import { dropConnectionHeaders } from './connection-headers.js';
import type { EventRequest, HeaderLines } from './kinds/event-request.js';
import { toRoutePath } from './kinds/route-path.js';
import type { BufferedRequest } from './in-process-request.js';

/** A token (RFC 9110, 5.6.2). */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** A parser fails at a control character in a value, or replaces it by a space (RFC 9110, 5.5). */
// oxlint-disable-next-line no-control-regex -- these are meant
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/g;

/**
 * Rebuilds the HTTP request that an event was made from. What it returns is valid HTTP, so Node's client accepts it.
 *
 * @param basePath - the configured base path.
 * @returns a refusal if no HTTP request could have been like this.
 */
export function buildRequest(
  event: EventRequest,
  basePath?: string,
): { request: BufferedRequest } | { refusal: Refusal } {
  const method = typeof event.method === 'string' ? event.method.toUpperCase() : '';
  const path = event.path ?? '';
  if (!METHODS.includes(method) || method === 'CONNECT') return { refusal: INVALID_REQUEST };
  if (typeof path !== 'string' || !/^(\/|$)/.test(path)) return { refusal: INVALID_REQUEST };
  // A gateway may send the root as an empty path.
  const url = buildUrl(toRoutePath(path || '/', event.route, basePath), event.query);
  const headers = toValidHeaders(event.headers);
  if (url.length + countBytes(headers) > HEADERS_MAX_BYTES) return { refusal: HEADERS_TOO_LARGE };
  return { request: { method, url, headers, body: toBytes(event) } };
}

/** A gateway may have decoded the path, so characters that a request line cannot hold are encoded again. */
function buildUrl(path: string, query: string): string {
  const encoded = encodeInvalid(path).replaceAll('?', '%3F');
  return query === '' ? encoded : `${encoded}?${encodeInvalid(query)}`;
}

function encodeInvalid(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]|#/gu, encodeURIComponent);
}

/** The headers as Node holds them, without those of the connection. Names that no request can have are left out. */
function toValidHeaders(headers: HeaderLines): HeaderLines {
  const valid = Object.entries(headers)
    .filter(([name]) => HEADER_NAME.test(name))
    .map(([name, values]) => [name, values.map(toRawValue)] as const);
  // Bare events name no host, and every request has one (RFC 9112, 3.2).
  return { host: ['localhost'], ...dropConnectionHeaders(Object.fromEntries(valid)) };
}

/** One character for each byte. Events hold values decoded from UTF-8. */
function toRawValue(value: string): string {
  return Buffer.from(value.replace(CONTROLS, ' ').trim()).toString('latin1');
}

/** The bytes that a parser counts: names and values. */
function countBytes(headers: HeaderLines): number {
  const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => name.length + value.length));
  return lines.reduce((sum, length) => sum + length, 0);
}

function toBytes({ body, isBase64Encoded }: EventRequest): Buffer {
  if (typeof body === 'string') return Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  return Buffer.from(body === undefined || body === null ? '' : toJson(body));
}

/** The JSON of a body that somebody has written by hand. If it nests too deeply to be written, it is no valid JSON. */
function toJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    return '{';
  }
}
