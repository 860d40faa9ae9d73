import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
// Not from the package's root, which loads what reads uploaded files.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';

/**
 * Most bytes of all header lines. Node's 16 KiB would turn a token of 20 KB into a bare 431 before anybody could say
 * what is wrong with it.
 */
const HEADERS_MAX_BYTES = 64 * 1024;
/** A caller who sends slowly holds a connection for so long at most. */
const HEADERS_MILLISECONDS = 20_000;
const REQUEST_MILLISECONDS = 60_000;

/** What Node's parser refuses never becomes a request; it is answered here, in the form of every other error. */
const REFUSALS: Readonly<Record<string, { status: number; error: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: 'Request headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: 'Request took too long' },
};
const NO_HTTP = { status: 400, error: 'Request is not valid HTTP' };

/** Express on an HTTP server with limits of our own, for everything that listens itself. Lambda has no such server. */
export class LimitedExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: HEADERS_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
      },
      this.getInstance<RequestListener>(),
    );
    this.httpServer = server.on('clientError', answerClientError);
  }
}

function answerClientError(fault: NodeJS.ErrnoException, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, error } = REFUSALS[fault.code ?? ''] ?? NO_HTTP;
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
