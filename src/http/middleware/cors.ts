import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';

/** How long a browser may go by a preflight's answer, in seconds. */
const PREFLIGHT_SECONDS = 600;

/**
 * What pages of these origins may do, as `enableCors` takes it. A preflight is answered without a token, which browsers
 * do not send with one. No cookies: the token is a header, so `credentials` stay off.
 */
export function buildCorsOptions(origins: readonly string[]): CorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    // The last one for AI SDK 5, which sends a user agent of its own: some browsers ask for that, others drop it.
    allowedHeaders: ['id_token', 'authorization', 'content-type', 'idempotency-key', 'x-request-id', 'user-agent'],
    exposedHeaders: ['x-request-id', 'idempotency-replayed', 'retry-after'],
    maxAge: PREFLIGHT_SECONDS,
  };
}
