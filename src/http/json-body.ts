import { isUtf8 } from 'node:buffer';
import { json, type NextFunction, type Request, type Response } from 'express';
import { BodyTooLargeError, InvalidRequestError, UnsupportedBodyError } from './http.errors.js';

/** Most bytes of a body. */
const BODY_MAX_BYTES = 256 * 1024;
/** Deepest nesting of a body: libraries that walk it recursively overflow at a few thousand. */
const BODY_MAX_DEPTH = 16;
/** `application/json`, alone or with the one charset that JSON has (RFC 8259, section 8.1). */
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;

const parseJson = json({
  limit: BODY_MAX_BYTES,
  inflate: false,
  type: () => true,
  verify: (request, _, bytes) => {
    // The parser makes answers of its own of what is thrown here; `type` is all that comes through.
    const type = refusalOf(request.headers['content-type'] ?? '', bytes);
    if (type !== undefined) throw Object.assign(new Error(type), { type });
  },
});

/**
 * Express middleware that reads a JSON object of limited size and depth into `request.body`, or answers in the
 * contract's words. A request without a body passes: what is missing in it is for the route to say.
 */
export function jsonBody(request: Request, response: Response, next: NextFunction): void {
  // The parser would swallow all of it before it says so.
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
    next(new BodyTooLargeError());
    return;
  }
  // The parser would swallow all of it before it says so.
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
    next(new BodyTooLargeError());
    return;
  }
  parseJson(request, response, (error?: unknown) => {
    if (error) next(bodyError(error));
    else if (isAcceptable(request.body)) next();
    else next(notValid());
  });
}

/** Why a body is not to be parsed, in the parser's own words. One without a byte is none, whatever its type. */
function refusalOf(contentType: string, bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined;
  if (!JSON_TYPE.test(contentType)) return 'charset.unsupported';
  return isUtf8(bytes) ? undefined : 'entity.parse.failed';
}

function isAcceptable(body: unknown): boolean {
  return body === undefined || (typeof body === 'object' && !Array.isArray(body) && isShallow(body, BODY_MAX_DEPTH));
}

/** Whether a value nests at most `depth` levels of objects and arrays. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}

/** What the parser's errors (`http-errors` of the `body-parser` package) are called here. */
function bodyError(error: unknown): unknown {
  switch (typeof error === 'object' && error && 'type' in error && error.type) {
    case 'entity.too.large':
      return new BodyTooLargeError();
    case 'encoding.unsupported':
      return new UnsupportedBodyError('Content-Encoding is not supported');
    case 'charset.unsupported':
      return new UnsupportedBodyError('Content-Type must be application/json');
    case 'entity.parse.failed':
    case 'request.size.invalid':
    // The caller has left; nobody reads the answer, and it is no fault of ours.
    case 'request.aborted':
      return notValid(error);
    default:
      return error;
  }
}

function notValid(cause?: unknown): InvalidRequestError {
  return new InvalidRequestError('Request body is not valid JSON', { cause });
}
