import { createHash } from 'node:crypto';

/**
 * The id of the agent's session for a chat. It is a hash, so no caller can choose it and no two users share it.
 *
 * @param generation - changes when the chat gets a new session.
 * @returns 43 characters of `[0-9A-Za-z_-]`. InvokeAgent allows 2..100, AgentCore at least 33.
 */
export function toAgentSessionId(userId: string, chatId: string, generation: string): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, chatId, generation]))
    .digest('base64url');
}
