import type { AgentExchange } from './agent.js';
import type { StoredTurn } from '../model/chat.js';
import { endOfCharacter } from '../../common/utf8.js';

/** What a new session is told at most of what was said before. */
export const HISTORY_MAX_TURNS = 20;
const HISTORY_MAX_BYTES = 100_000;
/** Ends a text of which more was said. */
const ELLIPSIS = '…';

/** The messages to read for it: of turns that have an answer. */
export const HISTORY_MESSAGES = HISTORY_MAX_TURNS * 2;

/**
 * The history that a new session of the agent begins with: the newest turns that have an answer, whole or partial,
 * oldest first. It stops where it would grow too large, because a gap would make the agent guess. The newest turn is
 * always told, cut where it is too large by itself: what was said last is what the next prompt is about.
 *
 * @param turns - in order, oldest first.
 */
export function toConversationHistory(turns: readonly StoredTurn[]): AgentExchange[] {
  const newestFirst: AgentExchange[] = [];
  let bytes = 0;
  for (const { messages } of turns.toReversed()) {
    const prompt = messages.find(({ role }) => role === 'user')?.content;
    const reply = messages.find(({ role }) => role === 'assistant')?.content;
    if (!prompt?.trim() || !reply?.trim()) continue;
    const exchange = newestFirst.length === 0 ? cutToFit({ prompt, reply }) : { prompt, reply };
    bytes += Buffer.byteLength(exchange.prompt) + Buffer.byteLength(exchange.reply);
    if (newestFirst.length === HISTORY_MAX_TURNS || bytes > HISTORY_MAX_BYTES) break;
    newestFirst.push(exchange);
  }
  return newestFirst.toReversed();
}

/** Half of the room is for the prompt, and what either of the two does not need is for the other. */
function cutToFit({ prompt, reply }: AgentExchange): AgentExchange {
  const forPrompt = Math.max(HISTORY_MAX_BYTES / 2, HISTORY_MAX_BYTES - Buffer.byteLength(reply));
  const cutPrompt = cut(prompt, forPrompt);
  return { prompt: cutPrompt, reply: cut(reply, HISTORY_MAX_BYTES - Buffer.byteLength(cutPrompt)) };
}

/** The beginning of a text, in at most so many bytes. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  return bytes.toString('utf8', 0, endOfCharacter(bytes, maxBytes - Buffer.byteLength(ELLIPSIS))) + ELLIPSIS;
}
