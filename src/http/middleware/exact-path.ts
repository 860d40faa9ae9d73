import { NotFoundException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/**
 * Express middleware: refuses a path with a slash at its end, which the router ignores. For routes on all items of a
 * user: a client that puts an empty id or `.` into a URL must not reach them.
 */
export function exactPath({ path }: Request, _response: Response, next: NextFunction): void {
  next(path.endsWith('/') ? new NotFoundException() : undefined);
}
