import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { currentRequestContext } from '../../common/request-context.js';
import { endsSoon } from '../body/read-body.js';
import { logFailure } from './log-failure.js';
import { toErrorBody, toPublicError } from './public-error.js';

/**
 * Sends every error that a request ends with: `{"error"}`, plus `"message"` on 5xx. A response that has begun is cut,
 * because its status can no longer change. The connection is closed if the rest of the request has no end in sight.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const publicError = toPublicError(thrown);
    logFailure(thrown, publicError);
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, retryAfterSeconds } = publicError;
    if (!endsSoon(http.getRequest<Request>())) response.setHeader('connection', 'close');
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
    response.status(status).json(toErrorBody(publicError, currentRequestContext()?.requestId));
  }
}
