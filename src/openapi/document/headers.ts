import type { Schema } from './schema.js';

const REQUEST_ID_PATTERN = '^[A-Za-z0-9._-]{1,64}$';

/** A header of a response, as OpenAPI describes it. */
interface HeaderObject {
  readonly description: string;
  readonly required: boolean;
  readonly schema: Schema;
}

function always(description: string, schema: Schema): HeaderObject {
  return { description, required: true, schema: { type: 'string', ...schema } };
}

function sometimes(description: string, schema: Schema = {}): HeaderObject {
  return { description, required: false, schema: { type: 'string', ...schema } };
}

/** Headers of all responses, also of those that come before a route. */
const ALWAYS: Readonly<Record<string, HeaderObject>> = {
  'x-request-id': always('The id of the request, which the log has too', { pattern: REQUEST_ID_PATTERN }),
  'cache-control': always('No response is cached, and proxies must not compress streams', {
    enum: ['no-store', 'no-store, no-transform'],
  }),
  'x-content-type-options': always('The type of a response is not guessed', { const: 'nosniff' }),
};

/** Headers of responses of routes. Refusals before any route lack them, and those of CORS need `CORS_ORIGINS`. */
const OF_ROUTES: Readonly<Record<string, HeaderObject>> = {
  ...ALWAYS,
  'content-security-policy': sometimes('A response is no page', { const: "default-src 'none';frame-ancestors 'none'" }),
  'cross-origin-resource-policy': sometimes('A page of another origin cannot embed it', { const: 'same-origin' }),
  'referrer-policy': sometimes('Sent for browsers', { const: 'no-referrer' }),
  'strict-transport-security': sometimes('Obeyed over https only', { pattern: '^max-age=\\d+; includeSubDomains$' }),
  'x-frame-options': sometimes('Sent for older browsers', { const: 'DENY' }),
  'access-control-allow-origin': sometimes('The origin of the page, if it may read the response'),
  'access-control-expose-headers': sometimes('The headers that a page may read'),
  vary: sometimes('The response depends on the origin of the page', { const: 'Origin' }),
};

const RETRY_AFTER: Schema = { pattern: '^[1-9]\\d*$' };
/** The component for `retry-after` where not every error of a status has it. */
const RETRY_AFTER_SOMETIMES = 'retry-after-sometimes';

/** Headers of some responses. */
const SPECIAL: Readonly<Record<string, HeaderObject>> = {
  'retry-after': always('Whole seconds after which to try again', RETRY_AFTER),
  [RETRY_AFTER_SOMETIMES]: sometimes('Whole seconds after which to try again, if that may help', RETRY_AFTER),
  'idempotency-replayed': sometimes('The reply of an earlier request with the same key', { const: 'true' }),
  'chat-id': sometimes('The chat of the turn, once the turn has begun'),
  'turn-id': sometimes('The id of the message with the reply, once the turn has begun'),
  'x-vercel-ai-ui-message-stream': always('The version of the protocol of the AI SDK', { const: 'v1' }),
  'x-accel-buffering': always('Keeps nginx from buffering the stream', { const: 'no' }),
};

/** `components.headers`, by the names of the headers. */
export const HEADERS: Readonly<Record<string, HeaderObject>> = { ...OF_ROUTES, ...SPECIAL };

/** Refers to the headers of a response: the common ones, and some of its own. */
export function headerRefs(...own: readonly string[]): Record<string, { readonly $ref: string }> {
  const names = [...own, ...Object.keys(OF_ROUTES)];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Refers to `retry-after` of errors with one status. @param waits - whether each of them has the header. */
export function retryAfterRef(waits: readonly boolean[]): Record<string, { readonly $ref: string }> {
  if (!waits.includes(true)) return {};
  const name = waits.includes(false) ? RETRY_AFTER_SOMETIMES : 'retry-after';
  return { 'retry-after': { $ref: `#/components/headers/${name}` } };
}

/** The header that every request may have, as a parameter of OpenAPI. */
export const REQUEST_ID = {
  name: 'x-request-id',
  in: 'header',
  required: false,
  description: 'Kept as the id of the request, if it has this form',
  schema: { type: 'string', pattern: REQUEST_ID_PATTERN },
} as const;
