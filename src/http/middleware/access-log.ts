import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const logger = new Logger('Http');

/**
 * Creates Express middleware that logs one line for each response. It names the route, because a path may hold anything.
 *
 * @param quietRoutes - routes whose lines have the level `debug`, because they are called all the time.
 */
export function createAccessLog(quietRoutes: readonly string[]) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const start = performance.now();
    // The socket emits the event, outside of the request's context.
    const onClose = AsyncResource.bind(() => {
      const route = findRoute(request);
      const status = response.writableFinished ? response.statusCode : 'aborted';
      const line = `${request.method} ${route} ${status} ${Math.round(performance.now() - start)} ms`;
      if (quietRoutes.includes(route)) logger.debug(line);
      else logger.log(line);
    });
    response.once('close', onClose);
    next();
  };
}

/** The pattern of the matched route, such as `/chats/:id`. */
function findRoute(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route;
  return isRoute ? String(route.path) : '(no route)';
}
