import { type IncomingMessage, request as send, type Server } from 'node:http';
import { duplexPair } from 'node:stream';
import type { HeaderLines } from './kinds/event-request.js';

/** An HTTP request that arrived whole, not over a socket. */
export interface BufferedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Without headers of the connection and `content-length`. */
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/**
 * Sends a request to a server that does not listen, over a pair of streams in place of a socket.
 * The server gets Node's own request and response objects, with back-pressure and all events.
 * If the response is destroyed, the server sees a client that disconnects.
 *
 * @returns the response, as soon as its headers have arrived.
 * @throws Error if the request is not valid HTTP, or the server closes the connection without a response.
 */
export function sendInProcess(
  server: Server,
  { method, url, headers, body }: BufferedRequest,
): Promise<IncomingMessage> {
  const [near, far] = duplexPair();
  // Unlike the two ends of a socket, these do not close together.
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  return new Promise((resolve, reject) => {
    const request = send({
      method,
      path: url,
      headers: { ...headers, connection: 'close', 'content-length': body.length },
      createConnection: () => near,
    });
    request.once('response', resolve).once('error', reject);
    server.emit('connection', far);
    request.end(body);
  });
}
