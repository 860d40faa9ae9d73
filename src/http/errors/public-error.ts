import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorKind } from '../../common/domain-error.js';

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

/** What a client sees of an error. */
export interface PublicError {
  readonly status: number;
  /** The `error` of the body, or the `errorText` of a stream. */
  readonly error: string;
  readonly retryAfterSeconds?: number | undefined;
  /** What to do, such as `Try again`; only on 5xx. */
  readonly advice?: string | undefined;
  /** What is wrong, in place of the advice. */
  readonly detail?: string | undefined;
}

/**
 * Decides what a client sees of a thrown value. It knows kinds of errors, and no feature. An unknown error becomes 500,
 * and its own message stays inside.
 */
export function toPublicError(thrown: unknown): PublicError {
  if (thrown instanceof DomainError) {
    const status = STATUS[thrown.kind];
    const advice = status >= 500 ? (thrown.advice ?? 'Try again') : undefined;
    const { message: error, retryAfterSeconds, detail } = thrown;
    return { status, error, retryAfterSeconds, advice, detail };
  }
  if (isUnknownRoute(thrown)) return { status: 404, error: 'Not found' };
  return { status: 500, error: 'Internal server error', advice: 'Report this' };
}

/** The body of an error. */
export interface ErrorBody {
  readonly error: string;
  readonly message?: string;
}

/** Builds the body of an error. A 5xx has a `message`: what is wrong, or what to do, with the id of the request. */
export function toErrorBody({ error, advice, detail }: PublicError, requestId: string | undefined): ErrorBody {
  const message = detail ?? (advice && `${advice}; request id ${requestId}`);
  return { error, ...(message !== undefined && { message }) };
}

/** Nest throws its own 404 for an unknown route. A path that cannot be decoded is a URIError, alone or as a cause. */
function isUnknownRoute(thrown: unknown): boolean {
  if (thrown instanceof HttpException && thrown.getStatus() === 404) return true;
  return thrown instanceof URIError || (thrown instanceof Error && thrown.cause instanceof URIError);
}
