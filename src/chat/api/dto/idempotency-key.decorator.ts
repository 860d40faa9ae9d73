import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';

/** 1 to 255 printable characters of ASCII. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The header `Idempotency-Key`, or undefined without one.
 *
 * @throws InvalidRequestError
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const { headers, headersDistinct } = context.switchToHttp().getRequest<Request>();
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  // Node joins several lines into one text, which would be a key as well.
  const lines = headersDistinct['idempotency-key'] ?? [];
  if (typeof key !== 'string' || !KEY.test(key) || lines.length > 1)
    throw new InvalidRequestError(`Header 'Idempotency-Key' is invalid`);
  return key;
});
