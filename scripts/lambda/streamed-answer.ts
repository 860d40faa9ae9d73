import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { FunctionError } from './function-error.js';

/** Between the prelude and the body. */
const DELIMITER = Buffer.alloc(8);

/** An answer as it comes. */
export interface StreamedAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Fails with FunctionError when the function does. Whoever destroys it leaves: the function is not told, and the
   * rest of its answer is dropped.
   */
  readonly body: Readable;
}

/**
 * Reads what a runtime client sends for a handler that streams: a prelude of JSON, eight zero bytes, the body, and
 * trailers when the handler has failed. It is read as fast as the body is.
 *
 * @throws FunctionError when the handler fails before its answer begins.
 */
export function readStreamedAnswer(request: IncomingMessage): Promise<StreamedAnswer> {
  return new Promise((resolve, reject) => {
    const body = new PassThrough();
    let prelude: Buffer | undefined = Buffer.alloc(0);
    const flow = () => void request.resume();
    body.on('drain', flow).on('close', flow);
    const take = (bytes: Buffer) => {
      if (bytes.length > 0 && !body.destroyed && !body.write(bytes)) request.pause();
    };
    const end = (failure: FunctionError | undefined) => {
      if (prelude) reject(failure ?? new FunctionError('The function answered nothing'));
      else if (failure) body.destroy(failure);
      else body.end();
    };
    request.on('data', (bytes: Buffer) => {
      if (!prelude) return take(bytes);
      prelude = Buffer.concat([prelude, bytes]);
      const at = prelude.indexOf(DELIMITER);
      if (at < 0) return;
      const rest = prelude.subarray(at + DELIMITER.length);
      resolve({ ...(JSON.parse(prelude.subarray(0, at).toString()) as Omit<StreamedAnswer, 'body'>), body });
      prelude = undefined;
      take(rest);
    });
    request.once('end', () => end(failureIn(request.trailers)));
    request.once('error', () => end(new FunctionError('The function ended in the middle of its answer')));
  });
}

/** What a runtime client says in trailers of a handler that has failed. */
function failureIn(trailers: IncomingMessage['trailers']): FunctionError | undefined {
  const error = trailers['lambda-runtime-function-error-body'];
  return error === undefined ? undefined : new FunctionError(Buffer.from(error, 'base64').toString());
}
