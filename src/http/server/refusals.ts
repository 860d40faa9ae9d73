import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** How long a caller may take to read a refusal and to hang up, in milliseconds. */
const LINGER_MILLISECONDS = 2_000;

/** What is answered past the app, in the form of every other error. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/**
 * Refuses requests and hangs up. A connection has one answer after the other: nothing is written between the bytes of
 * one that is still to come, and what stands behind a refused request is not heard.
 */
export class Refusals {
  private readonly outstanding = new WeakMap<Socket, Set<ServerResponse>>();
  private readonly hungUp = new WeakSet<Socket>();

  /** Has to be told of every request. @returns whether it is to be heard. */
  accepts(response: ServerResponse): boolean {
    const { socket } = response.req;
    if (this.hungUp.has(socket)) return false;
    const answers = this.outstanding.get(socket) ?? new Set();
    this.outstanding.set(socket, answers.add(response));
    response.once('close', () => answers.delete(response));
    return true;
  }

  /** Refuses a request, once those before it have been answered. */
  answer(response: ServerResponse, { status, error }: Refusal): void {
    this.hungUp.add(response.req.socket);
    const body = JSON.stringify({ error });
    response.writeHead(status, headersOf(body)).end(body);
  }

  /** Refuses what never became a request; where that would be read as a part of another answer it only hangs up. */
  answerRaw(socket: Socket, { status, error }: Refusal): void {
    this.hungUp.add(socket);
    if (!socket.writable || this.isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const body = JSON.stringify({ error });
    const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    // The end is for the caller to take note of. One who sends on, byte by byte, would keep the connection.
    const cut = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS);
    socket.once('close', () => clearTimeout(cut));
  }

  /** Whether an answer is on its way, or still to come, to a request that is whole. */
  private isAnswering(socket: Socket): boolean {
    const answers = [...(this.outstanding.get(socket) ?? [])];
    // The fault may be in the only request itself, in a chunk of its body; then this is the answer to it.
    return answers.length > 1 || answers.some(({ headersSent, req }) => headersSent || req.complete);
  }
}

function headersOf(body: string): Record<string, string | number> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': randomUUID(),
    connection: 'close',
  };
}
