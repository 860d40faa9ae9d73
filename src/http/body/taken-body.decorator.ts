import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** The body, which the request then no longer has. So a large body is not kept while its turn runs. */
export const TakenBody = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  const request = context.switchToHttp().getRequest<Request>();
  const body: unknown = request.body;
  request.body = undefined;
  return body;
});
