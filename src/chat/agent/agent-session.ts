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

/** The user as agents know them: 64 characters of hex, so that no agent gets a user id of the issuer. */
export function toActorId(userId: string): string {
  return createHash('sha256').update(userId).digest('hex');
}

/**
 * The name of an agent, which binds sessions to it.
 *
 * @param resource - what identifies the agent, such as its ARN and its alias.
 */
export function toAgentName(kind: string, ...resource: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(resource)).digest('base64url');
  return `${kind}-${hash.slice(0, 11)}`;
}
