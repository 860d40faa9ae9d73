import { AsyncResource } from 'node:async_hooks';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** While as many requests of a connection wait, nothing more is read from it. */
const WAITING_MAX = 16;
/** One read of 64 KiB may hold thousands of tiny requests. None with a token is so small that this many fit. */
const WAITING_LIMIT = 512;

type Handle = () => void;

/**
 * Handles the requests of a connection one after the other. Clients may send requests ahead of responses (RFC 9112,
 * 9.3.2), and Node hears them all at once. Each could hold a large response that its client never takes.
 */
export class RequestQueue {
  /** Requests that wait for the response before them. A connection without an entry is idle. */
  private readonly waiting = new WeakMap<Socket, Handle[]>();

  /** @param server - a server that does not listen yet. */
  constructor(server: Server) {
    // Node resumes a socket to read a body. This event comes before anything is read.
    server.on('connection', (socket: Socket) => socket.on('resume', () => this.holdBack(socket)));
  }

  isBusy(socket: Socket): boolean {
    return this.waiting.has(socket);
  }

  /** Calls `handle` once the connection has no other response to send. It may never be called. */
  add({ req: { socket } }: ServerResponse, handle: Handle): void {
    if (isEnding(socket)) return;
    const waiting = this.waiting.get(socket);
    if (waiting === undefined) {
      this.waiting.set(socket, []);
      handle();
      return;
    }
    // Not in the context of the request before it, which has another id.
    waiting.push(AsyncResource.bind(handle));
    if (waiting.length > WAITING_LIMIT) socket.destroy();
    else this.holdBack(socket);
  }

  /** Handles the next request. */
  advance({ req: { socket } }: ServerResponse): void {
    const waiting = this.waiting.get(socket) ?? [];
    const handle = waiting.shift();
    if (handle === undefined) this.waiting.delete(socket);
    if (handle === undefined || isEnding(socket)) return;
    if (waiting.length === WAITING_MAX - 1) socket.resume();
    handle();
  }

  private holdBack(socket: Socket): void {
    if ((this.waiting.get(socket)?.length ?? 0) >= WAITING_MAX) socket.pause();
  }
}

/** Whether no further response can be sent. In the function that returns whole responses, requests have no real socket. */
function isEnding({ writable }: Socket): boolean {
  return writable === false;
}
