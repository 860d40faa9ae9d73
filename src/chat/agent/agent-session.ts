import { createHash } from 'node:crypto';

/**
 * The id of the agent's session for a chat: a hash of the user, the chat and the session's generation, so that no
 * caller chooses it, two users never share one, and equal chat ids of two users do not meet.
 *
 * @returns 43 characters of `[0-9A-Za-z_-]`: within InvokeAgent's 2..100 and over AgentCore's minimum of 33.
 */
export function agentSessionId(userId: string, chatId: string, generation: string): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, chatId, generation]))
    .digest('base64url');
}
