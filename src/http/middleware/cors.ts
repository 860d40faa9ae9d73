import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';

/** How long a browser may cache the response to a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/**
 * What pages of these origins may do, as options of `enableCors`. A preflight needs no token, because browsers send
 * none with it. Credentials stay off: the token is a header and not a cookie.
 */
export function buildCorsOptions(origins: readonly string[]): CorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    // AI SDK 5 sets `user-agent`. Some browsers ask for it in the preflight, others drop it.
    allowedHeaders: ['id_token', 'authorization', 'content-type', 'idempotency-key', 'x-request-id', 'user-agent'],
    exposedHeaders: [
      'x-request-id',
      'idempotency-replayed',
      'retry-after',
      'chat-id',
      'turn-id',
      'x-vercel-ai-ui-message-stream',
    ],
    maxAge: PREFLIGHT_SECONDS,
  };
}
