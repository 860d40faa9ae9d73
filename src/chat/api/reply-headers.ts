import type { ServerResponse } from 'node:http';
import type { TurnIds } from '../model/turn-ids.js';
import type { Reply } from '../service/reply.js';

/** Sets the headers of a response that carries a reply: `idempotency-replayed` on a replay. */
export function setReplyHeaders(response: ServerResponse, { isReplay }: Pick<Reply, 'isReplay'>): void {
  if (isReplay) response.setHeader('idempotency-replayed', 'true');
}

/**
 * Sets the headers of a response whose turn has begun: `chat-id` and `turn-id`. An error that follows keeps them. A stream
 * that is open has the same ids in its `start`.
 */
export function setTurnHeaders(response: ServerResponse, { chat, assistant }: TurnIds): void {
  if (response.headersSent) return;
  response.setHeader('chat-id', chat);
  response.setHeader('turn-id', assistant);
}
