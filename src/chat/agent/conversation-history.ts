import type { AgentExchange } from './agent.js';
import type { StoredTurn } from '../model/chat.js';
import { isConversation } from '../model/history-page.js';
import { cutAtGrapheme } from '../../common/graphemes.js';
import { endOfCharacter } from '../../common/utf8.js';

/** Limits of the history that a new session gets. */
export const HISTORY_MAX_TURNS = 20;
const HISTORY_MAX_BYTES = 100_000;
/** Stands at the end of a text that was cut. */
const ELLIPSIS = '…';

/** How many messages to read for it: two for each turn. */
export const HISTORY_MESSAGES = HISTORY_MAX_TURNS * 2;

/**
 * Builds the conversation history for a new session of the agent: the newest turns with a complete or partial reply,
 * oldest first. It ends before a turn that is too large, because the agent would have to guess what a gap held. The
 * newest turn is always in it, cut if necessary, because the next prompt most likely refers to it.
 *
 * @param turns - in order, oldest first.
 */
export function toConversationHistory(turns: readonly StoredTurn[]): AgentExchange[] {
  const newestFirst: AgentExchange[] = [];
  let bytes = 0;
  for (const { messages } of turns.filter(isConversation).toReversed()) {
    const prompt = messages.find(({ role }) => role === 'user')?.content ?? '';
    const reply = messages.find(({ role }) => role === 'assistant')?.content ?? '';
    const exchange = newestFirst.length === 0 ? cutToFit({ prompt, reply }) : { prompt, reply };
    bytes += Buffer.byteLength(exchange.prompt) + Buffer.byteLength(exchange.reply);
    if (newestFirst.length === HISTORY_MAX_TURNS || bytes > HISTORY_MAX_BYTES) break;
    newestFirst.push(exchange);
  }
  return newestFirst.toReversed();
}

/** Prompt and reply get half of the bytes each. If one is shorter, the other gets the rest. */
function cutToFit({ prompt, reply }: AgentExchange): AgentExchange {
  const promptMaxBytes = Math.max(HISTORY_MAX_BYTES / 2, HISTORY_MAX_BYTES - Buffer.byteLength(reply));
  const cutPrompt = cutToBytes(prompt, promptMaxBytes);
  return { prompt: cutPrompt, reply: cutToBytes(reply, HISTORY_MAX_BYTES - Buffer.byteLength(cutPrompt)) };
}

/** Cuts between graphemes, and marks the cut. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const kept = bytes.toString('utf8', 0, endOfCharacter(bytes, maxBytes - Buffer.byteLength(ELLIPSIS)));
  return cutAtGrapheme(text, kept.length) + ELLIPSIS;
}
