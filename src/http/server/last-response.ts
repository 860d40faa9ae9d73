import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/**
 * Ends our side of a connection, and goes on reading until the client ends its own. If bytes arrive at a closed socket,
 * its system resets the connection, and the client loses what it has not read yet (RFC 9112, 9.6).
 */
export function closeGently(socket: Socket, lingerMilliseconds: number): void {
  socket.end();
  // A client that goes on sending would keep the connection open.
  const cut = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once('close', () => clearTimeout(cut));
}

/** Makes Node close a connection gently if a part of its last request is still to come. */
export function closeUnreadGently(server: Server, lingerMilliseconds: number): void {
  const requests = new WeakMap<Socket, IncomingMessage>();
  server.on('request', (request) => requests.set(request.socket, request));
  server.on('connection', (socket) => {
    // Lambda has streams in place of sockets, and nothing resets them.
    if (!(socket instanceof Socket)) return;
    const closeNow = socket.destroySoon.bind(socket);
    // Node calls it behind a last response.
    socket.destroySoon = () => {
      const request = requests.get(socket);
      if (request === undefined || request.complete) return closeNow();
      request.resume();
      closeGently(socket, lingerMilliseconds);
    };
  });
}

/** Limits the silence of a client whose request has its response, but has not ended. The rest of it is discarded. */
export function limitRest(request: IncomingMessage, { linger, keepAlive }: RestTimes): void {
  const { socket, complete } = request;
  if (complete || !(socket instanceof Socket)) return;
  socket.setTimeout(linger);
  // Node discards it only if nobody has read any of it.
  request.resume().once('end', () => socket.setTimeout(keepAlive));
}

/** Milliseconds: for the rest of a request, and for the next request. */
interface RestTimes {
  readonly linger: number;
  readonly keepAlive: number;
}
