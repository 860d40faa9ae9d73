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
  const reader = body.pipeThrough(/** @type {ReadableWritablePair} */ (new TextDecoderStream())).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new StreamCutError();
      const events = (rest + value).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        // Comments begin with a colon. They only keep the connection open.
        if (!event.startsWith('data: ')) continue;
        const data = event.slice('data: '.length);
        if (data === '[DONE]') return;
        yield JSON.parse(data);
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
