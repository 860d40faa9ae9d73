import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { FunctionError } from './function-error.js';

/** Separates the prelude from the body. */
const DELIMITER = Buffer.alloc(8);

/** A response that is read while the function writes it. */
export interface StreamedResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fails with FunctionError when the function fails. Destroying it drops the rest; the function still finishes. */
  readonly body: Readable;
}

/**
 * Reads the response of a handler that streams: a JSON prelude, eight zero bytes and the body.
 * A handler that fails later adds trailers. Backpressure on the body slows the request down.
 *
 * @throws FunctionError when the handler fails before its response begins.
 */
export function readStreamedResponse(request: IncomingMessage): Promise<StreamedResponse> {
  return new Promise((resolve, reject) => {
    const body = new PassThrough();
    let prelude: Buffer | undefined = Buffer.alloc(0);
    const flow = () => void request.resume();
    body.on('drain', flow).on('close', flow);
    const take = (bytes: Buffer) => {
      if (bytes.length > 0 && !body.destroyed && !body.write(bytes)) request.pause();
    };
    const end = (failure: FunctionError | undefined) => {
      if (prelude) reject(failure ?? new FunctionError('The function sent no response'));
      else if (failure) body.destroy(failure);
      else body.end();
    };
    request.on('data', (bytes: Buffer) => {
      if (!prelude) return take(bytes);
      prelude = Buffer.concat([prelude, bytes]);
      const at = prelude.indexOf(DELIMITER);
      if (at < 0) return;
      const rest = prelude.subarray(at + DELIMITER.length);
      resolve({ ...(JSON.parse(prelude.subarray(0, at).toString()) as Omit<StreamedResponse, 'body'>), body });
      prelude = undefined;
      take(rest);
    });
    request.once('end', () => end(parseFailure(request.trailers)));
    request.once('error', () => end(new FunctionError('The function ended before its response was complete')));
  });
}

/** Reads the trailers of a handler that has failed. */
function parseFailure(trailers: IncomingMessage['trailers']): FunctionError | undefined {
  const error = trailers['lambda-runtime-function-error-body'];
  return error === undefined ? undefined : new FunctionError(Buffer.from(error, 'base64').toString());
}
