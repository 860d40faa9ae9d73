import type { OutgoingHttpHeaders } from 'node:http';
import { currentRequestContext } from '../common/request-context.js';
import { logFailure } from '../http/errors/log-failure.js';
import { toErrorBody, toPublicError } from '../http/errors/public-error.js';
import { buildRefusal, type Refusal } from '../http/server/refusals.js';
import { dropConnectionHeaders } from './connection-headers.js';
import type { HeaderForm } from './kinds/event-request.js';

/** The headers of a response, in one of two fields. */
export interface HeaderFields {
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

/** A whole response in the form that the sender of the event reads. */
export interface LambdaResponse extends HeaderFields {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

/** A response as serverless-express gives it. */
export interface WholeResponse {
  readonly statusCode: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Builds the response of the function. A sender that reads either form gets `multiValueHeaders`. */
export function toLambdaResponse(
  { statusCode, headers, body, isBase64Encoded }: WholeResponse,
  form: HeaderForm,
): LambdaResponse {
  return { statusCode, body, isBase64Encoded, ...toHeaderFields(headers, form !== 'single') };
}

/** Builds the response to an event that is refused. */
export function toRefusalResponse(refusal: Refusal): WholeResponse {
  return { statusCode: refusal.status, ...buildRefusal(refusal), isBase64Encoded: false };
}

/** Logs an error that the app has not caught, and builds its response. The invocation must not fail. */
export function toFailureResponse(thrown: unknown): WholeResponse {
  const publicError = toPublicError(thrown);
  logFailure(thrown, publicError);
  const body = toErrorBody(publicError, currentRequestContext()?.requestId);
  return toRefusalResponse({ status: publicError.status, ...body });
}

/** Puts headers into the field that the sender reads. The gateway adds the headers of its own connection. */
export function toHeaderFields(headers: OutgoingHttpHeaders, isMultiValue: boolean): HeaderFields {
  const lines = Object.entries(dropConnectionHeaders(headers)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().map(String)] as const],
  );
  if (isMultiValue) return { multiValueHeaders: Object.fromEntries(lines) };
  return { headers: Object.fromEntries(lines.map(([name, values]) => [name, values.join(',')])) };
}
