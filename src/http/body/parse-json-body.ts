import { InvalidRequestError } from '../errors/http.errors.js';
import type { BodyLimits } from './body-limits.js';

/** Throws on bytes that are not UTF-8, and drops a byte order mark (RFC 8259, 8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a body. An empty one is undefined.
 *
 * @throws InvalidRequestError if the body is no JSON object, or is nested too deeply.
 */
export function parseJsonBody(bytes: Buffer, { maxDepth }: Pick<BodyLimits, 'maxDepth'>): object | undefined {
  if (bytes.length === 0) return undefined;
  const body = parseJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalidJson();
  requireDepth(body, maxDepth);
  return body;
}

/** @throws InvalidRequestError if a body is nested deeper. */
export function requireDepth(body: object, maxDepth: number): void {
  if (!isShallow(body, maxDepth)) throw invalidJson();
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // Without a cause, because the parser's message quotes the body.
    throw invalidJson();
  }
}

/** Whether a value nests at most `depth` levels of objects and arrays. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}

export function invalidJson(): InvalidRequestError {
  return new InvalidRequestError('Request body is not valid JSON');
}
