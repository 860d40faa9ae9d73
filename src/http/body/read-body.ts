import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { DomainError } from '../../common/domain-error.js';
import { BodyTooLargeError, UnsupportedBodyError } from '../errors/http.errors.js';
import { BODY_LIMITS, type BodyLimits } from './body-limits.js';
import type { BodyMemory, HeldBody } from './body-memory.js';
import { invalidJson } from './parse-json-body.js';

/**
 * The media type JSON with any parameters (RFC 9110, 8.3.1). JSON is UTF-8 whatever a charset says (RFC 8259, 11).
 */
const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i;

/**
 * Reads the body, and throws as soon as a fault is known, without waiting for the rest.
 *
 * @throws BodyTooLargeError, UnsupportedBodyError.
 * @throws ServiceBusyError if the memory has no room for the body.
 * @throws InvalidRequestError if the client disconnects, which is not a fault of the service.
 */
export async function readBody(
  userId: string,
  request: IncomingMessage,
  { memory, limits: { maxBytes } }: { memory: BodyMemory; limits: Pick<BodyLimits, 'maxBytes'> },
): Promise<Buffer> {
  const { headers } = request;
  const length = parseLength(headers);
  if (length > 0) requireJson(headers);
  requireSize(length, maxBytes);
  const body = memory.open(userId);
  try {
    return await Promise.race([collect(request, body, maxBytes), body.givenUp]);
  } catch (error) {
    throw error instanceof DomainError ? error : invalidJson();
  } finally {
    memory.release(body);
  }
}

/** Whether little of the request is left to read, so that its connection can be kept. */
export function endsSoon({ complete, headers }: IncomingMessage): boolean {
  return complete || ('content-length' in headers && parseLength(headers) <= BODY_LIMITS.maxBytes);
}

/** @throws BodyTooLargeError if a body has more bytes. */
export function requireSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new BodyTooLargeError();
}

async function collect(request: IncomingMessage, body: HeldBody, maxBytes: number): Promise<Buffer> {
  // Destroying the request would close the connection before the response.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (body.size === 0) requireJson(request.headers);
    requireSize(body.size + chunk.length, maxBytes);
    body.add(chunk);
  }
  return body.bytes;
}

/** The value of `content-length`, in bytes; 0 for a chunked body, whose length is unknown. */
function parseLength(headers: IncomingHttpHeaders): number {
  return Number(headers['content-length'] ?? 0);
}

function requireJson(headers: IncomingHttpHeaders): void {
  const { 'content-encoding': coding = 'identity', 'content-type': type = '' } = headers;
  if (coding.toLowerCase() !== 'identity') throw new UnsupportedBodyError('Content-Encoding is not supported');
  if (!JSON_TYPE.test(type)) throw new UnsupportedBodyError('Content-Type must be application/json');
}
