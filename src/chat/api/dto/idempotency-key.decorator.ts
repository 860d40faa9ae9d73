import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';

/** 1 to 255 printable ASCII characters. */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The header `Idempotency-Key`, or undefined without one.
 *
 * @throws InvalidRequestError
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const { headers, headersDistinct } = context.switchToHttp().getRequest<Request>();
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  // Node joins repeated headers to one text, which would be a valid key too.
  const isRepeated = (headersDistinct['idempotency-key'] ?? []).length > 1;
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key) || isRepeated)
    throw new InvalidRequestError(`Header 'Idempotency-Key' is invalid`);
  return key;
});
