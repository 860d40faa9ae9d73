import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// Not from the package's root, which loads what reads uploaded files.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';
import { type Refusal, Refusals } from './refusals.js';
import { isUnambiguous, originForm } from './request-form.js';

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

/** What Node's parser refuses never becomes a request; it is answered here, in the form of every other error. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: 'Request headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: 'Request took too long' },
};
const NO_HTTP: Refusal = { status: 400, error: 'Request is not valid HTTP' };
const NO_EXPECTATION: Refusal = { status: 417, error: 'Expect is not supported' };

/** Express on an HTTP server with limits of our own, for everything that listens itself. Lambda has no such server. */
export class LimitedExpressAdapter extends ExpressAdapter {
  private readonly refusals = new Refusals();

  constructor(private readonly times: SendingTimes = SENDING_TIMES) {
    super();
    // Also where Express itself answers, before any of our middleware has run.
    this.disable('x-powered-by');
  }

  override initHttpServer(): void {
    const server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: this.times.headers,
        requestTimeout: this.times.request,
        connectionsCheckingInterval: this.times.interval,
        // Refused below, with a body.
        requireHostHeader: false,
      },
      this.listener(),
    );
    // Node would drop the headers behind the 2000th, and another token with them. Their bytes are limited.
    server.maxHeadersCount = 0;
    server.on('clientError', (fault: NodeJS.ErrnoException, socket: Socket) => {
      if (fault.code === 'ECONNRESET') socket.destroy();
      else this.refusals.answerRaw(socket, REFUSALS[fault.code ?? ''] ?? NO_HTTP);
    });
    server.on('checkExpectation', (_, response: ServerResponse) => {
      if (this.refusals.accepts(response)) this.refusals.answer(response, NO_EXPECTATION);
    });
    this.httpServer = server;
  }

  private listener(): RequestListener {
    const app = this.getInstance<RequestListener>();
    return (request, response) => {
      if (!this.refusals.accepts(response)) return;
      if (!isUnambiguous(request)) {
        this.refusals.answer(response, NO_HTTP);
        return;
      }
      request.url = originForm(request.url ?? '');
      app(request, response);
    };
  }
}
