import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const logger = new Logger('Http');

/** Express middleware: logs one line for each response. It names the route, because a path may hold anything. */
export function accessLog(request: Request, response: Response, next: NextFunction): void {
  const start = performance.now();
  // The socket emits the event, outside of the request's context.
  const onClose = AsyncResource.bind(() => {
    const status = response.writableFinished ? response.statusCode : 'aborted';
    logger.log(`${request.method} ${findRoute(request)} ${status} ${Math.round(performance.now() - start)} ms`);
  });
  response.once('close', onClose);
  next();
}

/** The pattern of the matched route, such as `/chats/:id`. */
function findRoute(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route;
  return isRoute ? String(route.path) : '(no route)';
}
