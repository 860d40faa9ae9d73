import { type IncomingMessage, request as send, type Server } from 'node:http';
import { duplexPair } from 'node:stream';

/** An HTTP request that came by another way than a socket. */
export interface WholeRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** In lower case; those of the connection and the length of the body are not looked at. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What belongs to a connection (RFC 9110, 7.6.1), and was said of another one. */
const OF_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Sends a request to a server that does not listen, over a pair of streams in place of a socket: what answers has
 * Node's own request and response, with their back-pressure and all their events. Whoever destroys the answer is, for
 * the server, a caller who has left.
 *
 * @returns the answer, as soon as its headers are here.
 * @throws Error when the request is none that HTTP can carry, or the server answers nothing.
 */
export function sendInProcess(server: Server, { method, url, headers, body }: WholeRequest): Promise<IncomingMessage> {
  const [near, far] = duplexPair();
  // Unlike the ends of a socket they do not close together.
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  return new Promise((resolve, reject) => {
    const request = send({
      method,
      path: url,
      headers: { ...dropConnectionHeaders(headers), connection: 'close', 'content-length': body.length },
      createConnection: () => near,
    });
    request.once('response', resolve).once('error', reject);
    server.emit('connection', far);
    request.end(body);
  });
}

/** The headers that belong to the message and not to its connection. */
export function dropConnectionHeaders<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name)));
}
