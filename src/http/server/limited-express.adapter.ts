import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// Not the package's root, which also loads the modules for file uploads.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';
import { CONNECTION_TIMES, type ConnectionTimes } from './connection-times.js';
import { closeUnreadGently, limitRest } from './last-response.js';
import { HEADERS_MAX_BYTES, HEADERS_TOO_LARGE, INVALID_REQUEST, type Refusal, Refusals } from './refusals.js';
import { RequestQueue } from './request-queue.js';
import { isUnambiguous, toOriginForm } from './request-form.js';
import { closeStalled } from './stalled-clients.js';

/** Errors of Node's parser, by their code. */
const PARSER_REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: 'Request took too long' },
};
const UNSUPPORTED_EXPECTATION: Refusal = { status: 417, error: 'Expect is not supported' };

/** All refusals of the server, which come before any route. */
export const SERVER_REFUSALS: readonly Refusal[] = [
  INVALID_REQUEST,
  UNSUPPORTED_EXPECTATION,
  ...Object.values(PARSER_REFUSALS),
];

/** Express on an HTTP server with our own limits, for entries that listen. On Lambda nothing listens. */
export class LimitedExpressAdapter extends ExpressAdapter {
  /** Milliseconds, for connections from now on. Tests use less. */
  readonly stall: number;
  private readonly times: ConnectionTimes;
  private readonly refusals: Refusals;

  constructor(times: Partial<ConnectionTimes> = {}) {
    super();
    this.times = { ...CONNECTION_TIMES, ...times };
    this.stall = this.times.stall;
    this.refusals = new Refusals(this.times.linger);
    // Here and not in a middleware: Express may respond before any middleware runs.
    this.disable('x-powered-by');
  }

  override initHttpServer(): void {
    const server = createServer({
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: this.times.headers,
      requestTimeout: this.times.request,
      keepAliveTimeout: this.times.keepAlive,
      connectionsCheckingInterval: this.times.interval,
      // isUnambiguous checks it, so that the refusal has a body.
      requireHostHeader: false,
    });
    // By default Node ignores headers after the 2000th, and a second token might be one of them.
    server.maxHeadersCount = 0;
    server.on('clientError', (fault: NodeJS.ErrnoException, socket: Socket) => {
      if (fault.code === 'ECONNRESET') socket.destroy();
      else this.refusals.refuseRaw(socket, PARSER_REFUSALS[fault.code ?? ''] ?? INVALID_REQUEST);
    });
    server.on('checkExpectation', (_, response: ServerResponse) => {
      if (this.refusals.accepts(response)) this.refusals.refuse(response, UNSUPPORTED_EXPECTATION);
    });
    closeUnreadGently(server, this.times.linger);
    const queue = new RequestQueue(server);
    closeStalled(server, () => this.stall);
    // A busy connection without bytes to send waits for the service.
    server.on('timeout', (socket: Socket) => {
      if (!queue.isBusy(socket)) socket.destroy();
    });
    server.on('request', this.buildListener(queue));
    this.httpServer = server;
  }

  private buildListener(queue: RequestQueue): RequestListener {
    const app = this.getInstance<RequestListener>();
    return (request, response) => {
      const isAccepted = this.refusals.accepts(response);
      if (isAccepted && !isUnambiguous(request)) {
        this.refusals.refuse(response, INVALID_REQUEST);
        return;
      }
      queue.add(response, () => {
        // A request behind a refused one waits for ever: its connection is about to close.
        if (!isAccepted) return;
        response.once('close', () => queue.advance(response));
        response.once('finish', () => limitRest(request, this.times));
        request.url = toOriginForm(request.url ?? '');
        app(request, response);
      });
    };
  }
}
