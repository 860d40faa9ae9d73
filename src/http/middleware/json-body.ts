import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../../common/domain-error.js';
import { BodyTooLargeError, InvalidRequestError, UnsupportedBodyError } from '../errors/http.errors.js';

const BODY_MAX_BYTES = 256 * 1024;
/** Libraries that walk a body recursively overflow the stack at a few thousand levels. */
const BODY_MAX_DEPTH = 16;
/**
 * The media type JSON with any parameters (RFC 9110, 8.3.1). JSON is UTF-8 whatever a charset says (RFC 8259, 11).
 */
const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i;
/** Throws on bytes that are not UTF-8, and drops a byte order mark (RFC 8259, 8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Express middleware: reads a JSON object of limited size and depth into `request.body`.
 * A request without a body passes, whatever its type: the route says what is missing.
 */
export async function jsonBody(request: Request, response: Response, next: NextFunction): Promise<void> {
  try {
    request.body = parse(await readBody(request));
  } catch (error) {
    if (!endsSoon(request)) response.setHeader('connection', 'close');
    // Other errors mean that the client has disconnected, which is not a fault of the service.
    next(error instanceof DomainError ? error : invalidJson());
    return;
  }
  next();
}

/** Reads the body, and throws as soon as a fault is known, without waiting for the rest. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const { headers } = request;
  const length = parseLength(headers);
  if (length > 0) requireJson(headers);
  if (length > BODY_MAX_BYTES) throw new BodyTooLargeError();
  const chunks: Buffer[] = [];
  let size = 0;
  // Node discards what is left unread. Destroying the request would close the connection before the response.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (size === 0) requireJson(headers);
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The value of `content-length`, in bytes; 0 for a chunked body, whose length is unknown. */
function parseLength(headers: IncomingHttpHeaders): number {
  return Number(headers['content-length'] ?? 0);
}

/** Whether little of the request is left to read, so that its connection can be kept. */
function endsSoon({ complete, headers }: IncomingMessage): boolean {
  return complete || ('content-length' in headers && parseLength(headers) <= BODY_MAX_BYTES);
}

function requireJson(headers: IncomingHttpHeaders): void {
  const { 'content-encoding': coding = 'identity', 'content-type': type = '' } = headers;
  if (coding.toLowerCase() !== 'identity') throw new UnsupportedBodyError('Content-Encoding is not supported');
  if (!JSON_TYPE.test(type)) throw new UnsupportedBodyError('Content-Type must be application/json');
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const body = parseJson(bytes);
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject || !isShallow(body, BODY_MAX_DEPTH)) throw invalidJson();
  return body;
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

function invalidJson(): InvalidRequestError {
  return new InvalidRequestError('Request body is not valid JSON');
}
