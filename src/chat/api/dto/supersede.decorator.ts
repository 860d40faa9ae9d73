import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';

/**
 * The header `supersede`: true, or false without one.
 *
 * @throws InvalidRequestError for another value, and if the header is repeated.
 */
export const Supersede = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const { headersDistinct } = context.switchToHttp().getRequest<Request>();
  const [value, ...others] = headersDistinct['supersede'] ?? [];
  if (value === undefined) return false;
  if (value !== 'true' || others.length > 0) throw new InvalidRequestError(`Header 'supersede' is invalid`);
  return true;
});
