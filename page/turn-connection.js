/** @import { StreamPart } from './types.js' */
/** @import { TurnReader } from './turn-reader.js' */

/** Milliseconds before a lost connection is tried again: at first, and at most. Then how often, which is five minutes. */
const RETRY = { first: 500, most: 5000, times: 60 };

/**
 * Reads a turn up to its end, over as many connections as it takes.
 *
 * @param {TurnReader} turn
 * @param {object} options
 * @param {() => Promise<AsyncIterable<StreamPart> | undefined>} options.connect - undefined: no turn runs any more.
 * @param {() => Promise<void>} options.readStored - reads the end of a turn that ended while nothing was connected to it.
 * @param {(part: StreamPart) => void} options.onPart
 * @param {(error: unknown) => void} options.onLost - the connection was lost, and is tried again.
 * @param {AbortSignal} options.signal - ends the reading, and never the turn.
 */
export async function readTurn(turn, { connect, readStored, onPart, onLost, signal }) {
  for (let delay = RETRY.first; !turn.isOver; delay = Math.min(delay * 2, RETRY.most)) {
    try {
      /** @type {AsyncIterable<StreamPart> | undefined} */
      const parts = turn.isMissed ? undefined : await connect();
      turn.isMissed = parts === undefined;
      if (parts) await readParts(turn, parts, { onPart, signal });
      if (turn.isMissed) await readStored();
      if (turn.isMissed) turn.close();
      else turn.end();
    } catch (error) {
      turn.fail(error, RETRY.times);
      if (turn.isOver || signal.aborted) return;
      onLost(error);
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (signal.aborted) return;
    }
  }
}

/**
 * Reads what one connection tells of a turn.
 *
 * @param {TurnReader} turn @param {AsyncIterable<StreamPart>} parts
 * @param {{ onPart: (part: StreamPart) => void, signal: AbortSignal }} options
 */
async function readParts(turn, parts, { onPart, signal }) {
  turn.restart();
  for await (const part of parts) {
    signal.throwIfAborted();
    // The turn that runs now may have come after this one.
    turn.isMissed = part.type === 'start' && turn.reply.id !== undefined && turn.reply.id !== part.messageId;
    if (turn.isMissed) return;
    onPart(part);
  }
}
