import { STATUS_CODES } from 'node:http';
import { ApiResponse } from '@nestjs/swagger';
import { type PublicError, toErrorBody, toPublicError } from '../../http/errors/public-error.js';
import { SERVER_REFUSALS } from '../../http/server/limited-express.adapter.js';
import type { Failure } from './failures.js';
import { headerRefs, retryAfterRef } from './headers.js';
import { object, type Schema, schemaRef, text } from './schema.js';

const REQUEST_ID = 'b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11';

/** An error of a route, as its caller sees it. */
interface ErrorCase extends PublicError {
  readonly when: string;
}

/** What the server alone refuses. On Lambda the gateway does. */
const REFUSALS: readonly ErrorCase[] = SERVER_REFUSALS.map((refusal) => ({
  ...refusal,
  when: 'From the server, before it looks for a route',
}));

export const ERROR_SCHEMAS: Readonly<Record<string, Schema>> = {
  ClientError: object<{ error: string }>('The request cannot be served as it is', {
    error: text('Why: one of the texts in the examples'),
  }),
  ServerError: object<{ error: string; message: string }>('The service has failed, or a service that it needs', {
    error: text('What has failed: one of the texts in the examples'),
    message: text('What the caller can do, with the id of the request; of a probe, what is missing'),
  }),
};

/** Describes the errors of a route: one response for each status, with an example for each text. */
export function listErrorResponses(failures: readonly Failure[], headers: readonly string[] = []): MethodDecorator[] {
  const cases = [...failures.map(({ thrown, when }) => ({ ...toPublicError(thrown), when })), ...REFUSALS];
  const statuses = [...new Set(cases.map(({ status }) => status))].toSorted((one, other) => one - other);
  return statuses.map((status) =>
    toResponse(
      status,
      cases.filter((each) => each.status === status),
      headers,
    ),
  );
}

/** Lists in Markdown the errors of a stream that is open. Its status is 200 already. */
export function listStreamErrors(failures: readonly Failure[]): string {
  const lines = failures.map(({ thrown, when }) => `- \`${toPublicError(thrown).error}\`: ${when}`);
  return ['An error is the part `error` of the stream, with one of these texts:', '', ...lines].join('\n');
}

function toResponse(status: number, cases: readonly ErrorCase[], headers: readonly string[]): MethodDecorator {
  const waits = cases.map(({ retryAfterSeconds }) => retryAfterSeconds !== undefined);
  const examples = cases.map((each) => [
    // An advice of its own tells errors of the same text apart.
    toName(each.detail ?? (isUsual(each.advice) ? each.error : each.advice)),
    { summary: each.when, value: toErrorBody(each, REQUEST_ID) },
  ]);
  return ApiResponse({
    status,
    description: STATUS_CODES[status] ?? '',
    headers: { ...retryAfterRef(waits), ...headerRefs(...headers) },
    content: {
      'application/json': {
        schema: schemaRef(status < 500 ? 'ClientError' : 'ServerError'),
        examples: Object.fromEntries(examples) as Record<string, object>,
      },
    },
  });
}

function isUsual(advice: string | undefined): advice is 'Try again' | 'Report this' | undefined {
  return advice === undefined || advice === 'Try again' || advice === 'Report this';
}

/** `Chat not found` becomes `chat-not-found`. */
function toName(sentence: string): string {
  return sentence.toLowerCase().replaceAll(/[^a-z\d]+/g, '-');
}
