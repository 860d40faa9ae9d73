/** @import { Api } from './api.js' */
/** @import { TurnReader } from './turn-reader.js' */
import { isGone } from './api.js';
import { findMessage } from './entries.js';

/** Milliseconds before a stop is sent again that came before its turn: at first, and at most. */
const DELAY = { first: 300, most: 3000 };

/**
 * Stops a turn, which may not have begun yet, also if its chat is left meanwhile.
 *
 * @param {Api} api @param {string} chatId @param {TurnReader} turn
 */
export async function stopTurn(api, chatId, turn) {
  for (let delay = DELAY.first; !turn.isOver; delay = Math.min(2 * delay, DELAY.most)) {
    const { isLeft } = turn;
    if ((await tryToStop(api, chatId, turn)) || isLeft) return;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

/** Each stop names its turn, so a late one hits no other. @param {Api} api @param {string} chatId @param {TurnReader} turn */
async function tryToStop(api, chatId, { prompt, reply }) {
  // Before the first text, only the history has the id.
  const find = async () => prompt.request && findMessage(await api.readChat(chatId), prompt.request)?.id;
  try {
    const turnId = reply.id ?? prompt.id ?? (await find());
    return turnId !== undefined && (await api.stop(chatId, turnId));
  } catch (error) {
    // The first turn of a chat opens it.
    if (isGone(error)) return false;
    throw error;
  }
}
