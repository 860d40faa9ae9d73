import type { ServerResponse } from 'node:http';
import type { Reply } from '../service/reply.js';

/** Sets the headers of a response that carries a reply: `idempotency-replayed` on a replay. */
export function setReplyHeaders(response: ServerResponse, { isReplay }: Reply): void {
  if (isReplay) response.setHeader('idempotency-replayed', 'true');
}
