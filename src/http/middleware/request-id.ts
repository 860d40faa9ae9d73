import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { currentRequestContext, runWithRequestContext } from '../../common/request-context.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Express middleware: sets `x-request-id`, keeping a valid one of the caller, and `cache-control: no-store`.
 * Everything after it runs in the request's context. Values that the host has put there, such as Lambda's, stay.
 */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const inbound = request.headers['x-request-id'];
  const host = currentRequestContext();
  const id = typeof inbound === 'string' && REQUEST_ID.test(inbound) ? inbound : (host?.requestId ?? randomUUID());
  response.setHeader('x-request-id', id);
  response.setHeader('cache-control', 'no-store');
  runWithRequestContext({ ...host, requestId: id }, next);
}
