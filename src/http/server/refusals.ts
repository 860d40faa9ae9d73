import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { currentRequestContext } from '../../common/request-context.js';

/** An error response that the app does not write, in the form of all others. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  /** What the client can do; only on 5xx. */
  readonly message?: string;
}

/** Limit of all header lines together. With Node's 16 KiB, a token of 20 KB would get a bare 431 and no reason. */
export const HEADERS_MAX_BYTES = 64 * 1024;
export const HEADERS_TOO_LARGE: Refusal = { status: 431, error: 'Request headers are too large' };
export const INVALID_REQUEST: Refusal = { status: 400, error: 'Request is not valid HTTP' };

/**
 * Refuses requests and closes their connections. Responses on a connection keep the order of their requests.
 * Nothing is written inside an unfinished response, and requests behind a refused one are ignored.
 */
export class Refusals {
  private readonly pending = new WeakMap<Socket, Set<ServerResponse>>();
  private readonly closing = new WeakSet<Socket>();

  /** @param lingerMilliseconds - how long a client may take to read a refusal and close its side. */
  constructor(private readonly lingerMilliseconds: number) {}

  /** To be called for every request. @returns false if the request has to be ignored. */
  accepts(response: ServerResponse): boolean {
    const { socket } = response.req;
    if (this.closing.has(socket)) return false;
    const responses = this.pending.get(socket) ?? new Set();
    this.pending.set(socket, responses.add(response));
    response.once('close', () => responses.delete(response));
    return true;
  }

  /** Refuses a request. Node sends the refusal after the responses to earlier requests. */
  refuse(response: ServerResponse, refusal: Refusal): void {
    this.closing.add(response.req.socket);
    const { headers, body } = buildRefusal(refusal);
    // In two calls: the `writeHead` of serverless-express returns nothing.
    response.writeHead(refusal.status, headers);
    response.end(body);
  }

  /**
   * Refuses bytes that the parser could not read as a request. If a client could take the refusal for a part of another
   * response, the connection is closed without it.
   */
  refuseRaw(socket: Socket, refusal: Refusal): void {
    this.closing.add(socket);
    if (!socket.writable || this.isResponding(socket)) {
      socket.destroy();
      return;
    }
    const { status } = refusal;
    const { headers, body } = buildRefusal(refusal);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    // A client that goes on sending would keep the connection open.
    const cut = setTimeout(() => socket.destroy(), this.lingerMilliseconds);
    socket.once('close', () => clearTimeout(cut));
  }

  /** Whether a response to a complete request is under way or still to come. */
  private isResponding(socket: Socket): boolean {
    const responses = [...(this.pending.get(socket) ?? [])];
    // If the only request is incomplete, the fault is in its body, and the refusal is its response.
    return responses.length > 1 || responses.some(({ headersSent, req }) => headersSent || req.complete);
  }
}

/** Builds a response in the form of all others, which closes the connection. */
export function buildRefusal({ error, message }: Refusal): { headers: Record<string, string | number>; body: string } {
  const body = JSON.stringify({ error, message });
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': currentRequestContext()?.requestId ?? randomUUID(),
    connection: 'close',
  };
  return { headers, body };
}
