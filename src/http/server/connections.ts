import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of a server, so that it can end without waiting for callers who say nothing: a server's own `close`
 * waits for every socket that is not idle after an answer, be it one that never sent a byte.
 */
export class Connections {
  private readonly requests = new Map<Socket, number>();
  private isDraining = false;

  /** @param server - one that does not listen yet. */
  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.requests.set(socket, 0);
      socket.once('close', () => this.requests.delete(socket));
      if (this.isDraining) socket.destroy();
    });
    server.on('request', ({ socket }, response) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
  }

  /**
   * Cuts every connection that no request runs on, now and as their requests end; after `graceMilliseconds` all.
   *
   * @returns stops the clock, once the server has closed.
   */
  drain(graceMilliseconds: number): () => void {
    this.isDraining = true;
    for (const [socket, running] of this.requests) if (running === 0) socket.destroy();
    const timer = setTimeout(() => this.cutAll(), graceMilliseconds);
    return () => clearTimeout(timer);
  }

  private count(socket: Socket, change: number): void {
    const running = (this.requests.get(socket) ?? 0) + change;
    if (this.requests.has(socket)) this.requests.set(socket, running);
    // The answer is on its way: end, so that it gets there, and do not wait for the other side.
    if (this.isDraining && running === 0) socket.destroySoon();
  }

  private cutAll(): void {
    for (const socket of this.requests.keys()) socket.destroy();
  }
}
