import type { HistoryPage, StoredTurn, Message } from './chat.js';

/** Kept free for the wire, whose names may be longer than ours: 10 bytes for each of at most 1,000 messages. */
const RESERVE_BYTES = 10_000;
/** Most JSON of a page's messages: 1.5 MB in a response. A Lambda response has 6 MB and holds it twice, escaped. */
const PAGE_MAX_BYTES = 1_500_000 - RESERVE_BYTES;

/**
 * The newest of some turns that fit into one answer. A turn is never split, and the newest one is there whatever its
 * size. Older turns are not asked for once one does not fit.
 *
 * @param newestFirst - turns as they are read back.
 * @param limit - the most messages.
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

/** A page with one more turn at its end, cut at its beginning where that is too much for one answer. */
export async function appendTurn(page: HistoryPage, newest: StoredTurn, limit: number): Promise<HistoryPage> {
  const { turns, hasOlder } = await takeNewestPage([...page.turns, newest].toReversed(), limit);
  return { turns, hasOlder: hasOlder || page.hasOlder };
}

/** Whether something came of a turn, a whole answer or a part of one. */
export function hasAnswer({ messages }: StoredTurn): boolean {
  return messages.some(({ role }) => role === 'assistant');
}

/** Messages without turn numbers, as the original system kept them, put together to turns: a question opens one. */
export function groupIntoTurns(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.[0]?.role === 'user' && message.role !== 'user' && last.length < 2) last.push(message);
    else turns.push([message]);
  }
  return turns;
}
