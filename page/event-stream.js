/** @import { StreamPart } from './types.js' */

/** A stream has ended before `[DONE]`: the connection was lost. */
export class StreamCutError extends Error {
  constructor() {
    super('The connection was lost');
  }
}

/**
 * Reads the events of a UI message stream up to `[DONE]`.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<StreamPart, void, void>}
 * @throws {StreamCutError}
 */
export async function* readStream(body) {
  let isDone = false;
  for await (const event of readEvents(body)) {
    // Comments begin with a colon. They only keep the connection open.
    if (event === 'data: [DONE]') isDone = true;
    else if (event.startsWith('data: ')) yield JSON.parse(event.slice('data: '.length));
  }
  if (!isDone) throw new StreamCutError();
}

/**
 * Splits a stream at blank lines. What has no blank line behind it is no event.
 *
 * @param {ReadableStream<Uint8Array>} body
 */
async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = (rest + decoder.decode(piece.value, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      yield* events;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
