import type { AgentExchange } from './agent/agent.js';
import type { HistoryTurn } from './chat.js';

/** What a new session is told at most of what was said before. */
const SEED_MAX_TURNS = 20;
const SEED_MAX_BYTES = 100_000;

/** The messages to read for it: of turns that have an answer. */
export const SEED_MESSAGES = SEED_MAX_TURNS * 2;

/**
 * The history that a new session of the agent begins with: the newest turns that have an answer, whole or partial,
 * oldest first. It stops where it would grow too large, because a gap would make the agent guess.
 *
 * @param turns - in order, oldest first.
 */
export function sessionSeed(turns: readonly HistoryTurn[]): AgentExchange[] {
  const newestFirst: AgentExchange[] = [];
  let bytes = 0;
  for (const { messages } of turns.toReversed()) {
    const prompt = messages.find(({ role }) => role === 'user')?.content;
    const answer = messages.find(({ role }) => role === 'assistant')?.content;
    if (!prompt?.trim() || !answer?.trim()) continue;
    bytes += Buffer.byteLength(prompt) + Buffer.byteLength(answer);
    if (newestFirst.length === SEED_MAX_TURNS || bytes > SEED_MAX_BYTES) break;
    newestFirst.push({ prompt, answer });
  }
  return newestFirst.toReversed();
}
