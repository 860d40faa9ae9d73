import type { NextFunction, Request, Response } from 'express';

/**
 * Creates Express middleware that takes the base path off the path of a request. A path without it is left alone: a
 * proxy may have taken it off already, and probes come without it.
 *
 * @param basePath - such as `/api`.
 */
export function createBasePath(basePath: string) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    const rest = request.url.startsWith(basePath) ? request.url.slice(basePath.length) : undefined;
    if (rest?.startsWith('/')) request.url = rest;
    else if (rest === '' || rest?.startsWith('?')) request.url = `/${rest}`;
    next();
  };
}
