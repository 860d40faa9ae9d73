import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const logger = new Logger('Http');

/** Express middleware: one line for each answer, with its route and not its path: a caller may put anything there. */
export function accessLog(request: Request, response: Response, next: NextFunction): void {
  const start = performance.now();
  // The event comes from the socket, outside of the request's context.
  const onClose = AsyncResource.bind(() => {
    const status = response.writableFinished ? response.statusCode : 'aborted';
    logger.log(`${request.method} ${routeOf(request)} ${status} ${Math.round(performance.now() - start)} ms`);
  });
  response.once('close', onClose);
  next();
}

/** The pattern of the route that was matched, such as `/chats/:id`. */
function routeOf(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route;
  return isRoute ? String(route.path) : '(no route)';
}
