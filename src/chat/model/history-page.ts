import type { HistoryPage, StoredTurn, Message } from './chat.js';

/** Most JSON of messages in one answer, in bytes: a Lambda reply may have 6 MB and holds it twice, escaped. */
const HISTORY_MAX_BYTES = 1_500_000;

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
    bytes += bytesSent(turn.messages);
    if (turns.length > 0 && (messages > limit || bytes > HISTORY_MAX_BYTES)) {
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

/** Bytes of messages in an answer, where each time has a name that is a byte longer: `created_at`. */
function bytesSent(messages: readonly Message[]): number {
  const times = messages.filter(({ createdAt }) => createdAt !== undefined).length;
  return Buffer.byteLength(JSON.stringify(messages)) + times;
}

/** Whether something came of a turn, a whole answer or a part of one. */
export function hasAnswer({ messages }: StoredTurn): boolean {
  return messages.some(({ role }) => role === 'assistant');
}
