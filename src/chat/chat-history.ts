import type { Message } from './chat.js';

/** Most JSON of messages in one answer, in bytes: a Lambda reply may have 6 MB and holds it twice, escaped. */
const HISTORY_MAX_BYTES = 1_500_000;

/**
 * The newest turns that fit into an answer, as messages in order. A turn is never split, and the newest one is there
 * whatever its size.
 *
 * @param turns - oldest first, each one or two messages.
 * @param limit - the most messages.
 */
export function newestMessages(turns: readonly (readonly Message[])[], limit: number): Message[] {
  const newest: Message[][] = [];
  let messages = 0;
  let bytes = 0;
  for (const turn of turns.toReversed()) {
    messages += turn.length;
    bytes += Buffer.byteLength(JSON.stringify(turn));
    if (newest.length > 0 && (messages > limit || bytes > HISTORY_MAX_BYTES)) break;
    newest.push([...turn]);
  }
  return newest.toReversed().flat();
}

/** Messages without turn numbers, as the original system kept them, put together to turns: a question opens one. */
export function groupIntoTurns(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last && message.role !== 'user' && last.length < 2) last.push(message);
    else turns.push([message]);
  }
  return turns;
}
