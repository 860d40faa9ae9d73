import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../../common/domain-error.js';
import { BodyTooLargeError, InvalidRequestError, UnsupportedBodyError } from '../errors/http.errors.js';

/** Most bytes of a body. */
const BODY_MAX_BYTES = 256 * 1024;
/** Deepest nesting of a body: libraries that walk it recursively overflow at a few thousand. */
const BODY_MAX_DEPTH = 16;
/**
 * `application/json`, alone or with the one charset that JSON has (RFC 8259, section 8.1). There is always something
 * between two runs of blanks, so that a long header can be matched in one way only and takes no longer than its length.
 */
const JSON_TYPE = /^application\/json[\t ]*(?:;[\t ]*(?:charset=(?:utf-8|"utf-8")[\t ]*(?:;[\t ]*)?)?)?$/i;
/** Bytes that are no UTF-8 would become other characters. A byte order mark is dropped (RFC 8259, section 8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Express middleware that reads a JSON object of limited size and depth into `request.body`, or answers in the
 * contract's words. A request without a byte of body passes, whatever its type: what is missing in it is for the route
 * to say.
 */
export async function jsonBody(request: Request, response: Response, next: NextFunction): Promise<void> {
  try {
    request.body = parse(await readBody(request));
  } catch (error) {
    if (!endsSoon(request)) response.setHeader('connection', 'close');
    // The caller has left; nobody reads the answer, and it is no fault of ours.
    next(error instanceof DomainError ? error : notValid());
    return;
  }
  next();
}

/** The whole body. What is refused is refused as soon as that is known: nobody waits for the rest of it. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const { headers } = request;
  const length = lengthOf(headers);
  if (length > 0) assertJson(headers);
  if (length > BODY_MAX_BYTES) throw new BodyTooLargeError();
  const chunks: Buffer[] = [];
  let size = 0;
  // What is not read is for Node to drop: to destroy the request would take the connection from the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (size === 0) assertJson(headers);
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What `content-length` says, in bytes; 0 where the body comes in chunks, which do not say how many there will be. */
function lengthOf(headers: IncomingHttpHeaders): number {
  return Number(headers['content-length'] ?? 0);
}

/** Whether the connection is good for another request, because little of this one can be left. */
function endsSoon({ complete, headers }: IncomingMessage): boolean {
  return complete || ('content-length' in headers && lengthOf(headers) <= BODY_MAX_BYTES);
}

function assertJson({ 'content-encoding': coding = 'identity', 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (coding.toLowerCase() !== 'identity') throw new UnsupportedBodyError('Content-Encoding is not supported');
  if (!JSON_TYPE.test(type)) throw new UnsupportedBodyError('Content-Type must be application/json');
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const body = parseJson(bytes);
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject || !isShallow(body, BODY_MAX_DEPTH)) throw notValid();
  return body;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // Without a cause: the parser's message quotes the body.
    throw notValid();
  }
}

/** Whether a value nests at most `depth` levels of objects and arrays. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}

function notValid(): InvalidRequestError {
  return new InvalidRequestError('Request body is not valid JSON');
}
