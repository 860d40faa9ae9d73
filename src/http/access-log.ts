import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const logger = new Logger('Http');

/** Express middleware: one line for each answer. The path alone, because a query may hold what is nobody's business. */
export function accessLog({ method, path }: Request, response: Response, next: NextFunction): void {
  const start = performance.now();
  // The event comes from the socket, outside of the request's context.
  const onClose = AsyncResource.bind(() => {
    const status = response.writableFinished ? response.statusCode : 'aborted';
    logger.log(`${method} ${path} ${status} ${Math.round(performance.now() - start)} ms`);
  });
  response.once('close', onClose);
  next();
}
