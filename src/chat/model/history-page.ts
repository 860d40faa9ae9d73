import type { HistoryPage, Message, StoredTurn } from './chat.js';

/** Free space, because a response may have longer field names: 10 bytes for each of at most 1,000 messages. */
const RESERVE_BYTES = 10_000;
/** Most JSON of a page's messages: 1.5 MB in a response. A Lambda response has 6 MB and holds it twice, escaped. */
const PAGE_MAX_BYTES = 1_500_000 - RESERVE_BYTES;

/**
 * Takes the newest turns that fit into one page. Turns are never split, and the newest turn always fits. Stops to
 * read at the first turn that does not fit.
 *
 * @param limit - maximum number of messages.
 */
export async function takeNewestPage(
  newestFirst: AsyncIterable<StoredTurn> | Iterable<StoredTurn>,
  limit: number,
): Promise<HistoryPage> {
  const turns: StoredTurn[] = [];
  let messages = 0;
  let bytes = 0;
  for await (const turn of newestFirst) {
    messages += turn.messages.length;
    bytes += Buffer.byteLength(JSON.stringify(turn.messages));
    if (turns.length > 0 && (messages > limit || bytes > PAGE_MAX_BYTES)) {
      return { turns: turns.toReversed(), hasOlder: true };
    }
    turns.push(turn);
  }
  return { turns: turns.toReversed(), hasOlder: false };
}

/** Appends a turn to a page, and drops the oldest turns if they no longer fit. */
export async function appendTurn(page: HistoryPage, newest: StoredTurn, limit: number): Promise<HistoryPage> {
  const { turns, hasOlder } = await takeNewestPage([...page.turns, newest].toReversed(), limit);
  return { turns, hasOlder: hasOlder || page.hasOlder };
}

/**
 * Whether a turn is part of the conversation as agents get it: its prompt and its complete or partial reply have text.
 * Turns that a filter ended are left out. A guardrail reads the history too, and would block every later turn.
 */
export function isConversation({ messages, isFiltered = false }: StoredTurn): boolean {
  const hasText = (wanted: Message['role']) =>
    messages.some(({ role, content }) => role === wanted && content.trim() !== '');
  return !isFiltered && hasText('user') && hasText('assistant');
}
