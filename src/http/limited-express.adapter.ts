import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
// Not from the package's root, which loads what reads uploaded files.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';

/**
 * Most bytes of all header lines. Node's 16 KiB would turn a token of 20 KB into a bare 431 before anybody could say
 * what is wrong with it.
 */
const HEADERS_MAX_BYTES = 64 * 1024;
/** How long a caller may take to send, in milliseconds. */
export interface SendingTimes {
  readonly headers: number;
  /** For all of the request, its body included. */
  readonly request: number;
  /** How often connections are looked at: one may take that much longer. */
  readonly interval: number;
}

const SENDING_TIMES: SendingTimes = { headers: 20_000, request: 60_000, interval: 5_000 };

interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** What Node's parser refuses never becomes a request; it is answered here, in the form of every other error. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: 'Request headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: 'Request took too long' },
};
const NO_HTTP: Refusal = { status: 400, error: 'Request is not valid HTTP' };
const NO_EXPECTATION: Refusal = { status: 417, error: 'Expect is not supported' };

/** Express on an HTTP server with limits of our own, for everything that listens itself. Lambda has no such server. */
export class LimitedExpressAdapter extends ExpressAdapter {
  constructor(private readonly times: SendingTimes = SENDING_TIMES) {
    super();
  }

  override initHttpServer(): void {
    const app = this.getInstance<RequestListener>();
    const server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: this.times.headers,
        requestTimeout: this.times.request,
        connectionsCheckingInterval: this.times.interval,
        // Refused below, with a body.
        requireHostHeader: false,
      },
      (request, response) => {
        if (isUnambiguous(request)) app(request, response);
        else refuse(request.socket, NO_HTTP);
      },
    );
    // Node would drop the headers behind the 2000th, and another token with them. Their bytes are limited.
    server.maxHeadersCount = 0;
    server.on('clientError', answerClientError);
    server.on('checkExpectation', ({ socket }) => refuse(socket, NO_EXPECTATION));
    this.httpServer = server;
  }
}

/** What Node lets pass and RFC 9112 does not: no host (3.2), a body that is coded otherwise than in chunks (6.1). */
function isUnambiguous({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return false;
  return headers.host !== undefined || httpVersion === '1.0';
}

function answerClientError(fault: NodeJS.ErrnoException, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  refuse(socket, REFUSALS[fault.code ?? ''] ?? NO_HTTP);
}

/** Answers past the app, and hangs up. */
function refuse(socket: Socket, { status, error }: Refusal): void {
  const body = JSON.stringify({ error });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    `x-request-id: ${randomUUID()}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
