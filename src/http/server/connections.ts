import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Tracks the connections of a server, so that it can close without waiting for silent clients.
 * Node's own `close` waits for every connection that is not idle after a response.
 */
export class Connections {
  private readonly requests = new Map<Socket, number>();
  private isDraining = false;

  /** @param server - a server that does not listen yet. */
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
   * Closes connections without a running request, now and whenever a request ends. After the grace it closes all.
   *
   * @returns a function that cancels the grace. Call it once the server has closed.
   */
  drain(graceMilliseconds: number): () => void {
    this.isDraining = true;
    for (const [socket, running] of this.requests) if (running === 0) socket.destroy();
    const timer = setTimeout(() => this.destroyAll(), graceMilliseconds);
    return () => clearTimeout(timer);
  }

  private count(socket: Socket, change: number): void {
    const running = (this.requests.get(socket) ?? 0) + change;
    if (this.requests.has(socket)) this.requests.set(socket, running);
    // Unlike `destroy`, this sends the rest of the response first.
    if (this.isDraining && running === 0) socket.destroySoon();
  }

  private destroyAll(): void {
    for (const socket of this.requests.keys()) socket.destroy();
  }
}
