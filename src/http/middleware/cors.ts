import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';

/** How long a browser may cache the response to a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;
/** The request headers that the service reads. AI SDK 5 sets `user-agent`: some browsers ask for it, others drop it. */
const REQUEST_HEADERS = [
  'id_token',
  'authorization',
  'content-type',
  'idempotency-key',
  'supersede',
  'x-request-id',
  'user-agent',
];
/** The response headers that a page may read, beside those that it always may. */
export const EXPOSED_HEADERS: readonly string[] = [
  'x-request-id',
  'idempotency-replayed',
  'retry-after',
  'chat-id',
  'turn-id',
  'x-vercel-ai-ui-message-stream',
];

/** What pages of other origins may do. */
export interface CorsRules {
  /** As browsers write them. */
  readonly origins: readonly string[];
  /** Request headers in lower case. */
  readonly headers: readonly string[];
}

/** @param more - request headers to allow beside those that the service reads; in lower case. */
export function buildCorsRules(origins: readonly string[], more: readonly string[]): CorsRules {
  return { origins, headers: [...new Set([...REQUEST_HEADERS, ...more])] };
}

/**
 * The rules as options of `enableCors`. A preflight needs no token, because browsers send none with it. Credentials stay
 * off: the token is a header and not a cookie.
 */
export function toCorsOptions({ origins, headers }: CorsRules): CorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: [...headers],
    exposedHeaders: [...EXPOSED_HEADERS],
    maxAge: PREFLIGHT_SECONDS,
  };
}
