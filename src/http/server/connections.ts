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
    // Before the listener that handles requests: the queue must see that the connection ends, or it begins the next one.
    server.prependListener('request', ({ socket }, response) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
  }

  /**
   * Closes connections without a running request now, and the others when their running request ends. Requests that wait
   * for it are dropped: they have not run. After the grace it closes all.
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
    const requests = (this.requests.get(socket) ?? 0) + change;
    if (this.requests.has(socket)) this.requests.set(socket, requests);
    // Unlike `destroy`, this sends the rest of the response first.
    if (this.isDraining && change < 0) socket.destroySoon();
  }

  private destroyAll(): void {
    for (const socket of this.requests.keys()) socket.destroy();
  }
}
