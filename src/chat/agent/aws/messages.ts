import type { AgentExchange } from '../agent.js';

type Role = 'user' | 'assistant';

/** A message of text alone, as all three services take it. */
export function toMessage(role: Role, text: string): { role: Role; content: { text: string }[] } {
  return { role, content: [{ text }] };
}

/** The two messages of an exchange. */
export function toMessages({ prompt, reply }: AgentExchange) {
  return [toMessage('user', prompt), toMessage('assistant', reply)];
}
