import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { DomainError, type ErrorKind } from '../../common/domain-error.js';
import { currentRequestContext } from '../../common/request-context.js';
import { describeError } from '../../telemetry/describe-error.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  'not-found': 404,
  conflict: 409,
  unprocessable: 422,
  'too-large': 413,
  unsupported: 415,
  throttled: 429,
  'upstream-failed': 502,
  unavailable: 503,
  'timed-out': 504,
};

/** What the caller gets for an error. */
interface ErrorAnswer {
  readonly status: number;
  readonly error: string;
  readonly retryAfterSeconds?: number | undefined;
}

const logger = new Logger('ErrorFilter');

/**
 * The one place that decides an error's status and body: `{"error"}`, plus `"message"` on 5xx. It knows no feature,
 * only kinds. What it does not know is 500, logged under the request id and not told to the caller.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const { status, error, retryAfterSeconds } = toPublicError(thrown);
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
    response.status(status).json(status < 500 ? { error } : { error, message: adviceOn(status) });
  }
}

/** What the caller gets for what was thrown. What is our fault, or the agent's, goes to the log. */
export function toPublicError(thrown: unknown): ErrorAnswer {
  const answer = answerTo(thrown);
  if (answer.status >= 500) logger.error({ status: answer.status, error: describeError(thrown) });
  return answer;
}

function answerTo(thrown: unknown): ErrorAnswer {
  if (thrown instanceof DomainError) {
    return { status: STATUS[thrown.kind], error: thrown.message, retryAfterSeconds: thrown.retryAfterSeconds };
  }
  if (isNoRoute(thrown)) return { status: 404, error: 'Not found' };
  return { status: 500, error: 'Internal server error' };
}

/** Nest's own 404 for a route it does not have, or the refusal of a path that cannot be decoded, bare or wrapped. */
function isNoRoute(thrown: unknown): boolean {
  if (thrown instanceof HttpException && thrown.getStatus() === 404) return true;
  return thrown instanceof URIError || (thrown instanceof Error && thrown.cause instanceof URIError);
}

function adviceOn(status: number): string {
  const advice = status === 500 ? 'Report this' : 'Try again';
  return `${advice}; request id ${currentRequestContext()?.requestId}`;
}
