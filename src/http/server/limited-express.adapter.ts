import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
// Not the package's root, which also loads the modules for file uploads.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';
import { HEADERS_MAX_BYTES, HEADERS_TOO_LARGE, INVALID_REQUEST, type Refusal, Refusals } from './refusals.js';
import { isUnambiguous, toOriginForm } from './request-form.js';

/** How long a client may take, in milliseconds. */
export interface ConnectionTimes {
  /**
   * Between two requests. Load balancers keep an idle connection for 60 s. The server must not close it first, because
   * a request on its way would be lost.
   */
  readonly keepAlive: number;
  /** To send the headers. */
  readonly headers: number;
  /** To send the whole request, its body included. */
  readonly request: number;
  /** Between two checks of all connections: a client may take that much longer. */
  readonly interval: number;
  /** To read a refusal and close the connection. */
  readonly linger: number;
}

const CONNECTION_TIMES: ConnectionTimes = {
  keepAlive: 75_000,
  headers: 20_000,
  request: 60_000,
  interval: 5_000,
  linger: 2_000,
};

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
  private readonly times: ConnectionTimes;
  private readonly refusals: Refusals;

  constructor(times: Partial<ConnectionTimes> = {}) {
    super();
    this.times = { ...CONNECTION_TIMES, ...times };
    this.refusals = new Refusals(this.times.linger);
    // Here and not in a middleware: Express may respond before any middleware runs.
    this.disable('x-powered-by');
  }

  override initHttpServer(): void {
    const server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: this.times.headers,
        requestTimeout: this.times.request,
        keepAliveTimeout: this.times.keepAlive,
        connectionsCheckingInterval: this.times.interval,
        // isUnambiguous checks it, so that the refusal has a body.
        requireHostHeader: false,
      },
      this.buildListener(),
    );
    // By default Node ignores headers after the 2000th, and a second token might be one of them.
    server.maxHeadersCount = 0;
    server.on('clientError', (fault: NodeJS.ErrnoException, socket: Socket) => {
      if (fault.code === 'ECONNRESET') socket.destroy();
      else this.refusals.refuseRaw(socket, PARSER_REFUSALS[fault.code ?? ''] ?? INVALID_REQUEST);
    });
    server.on('checkExpectation', (_, response: ServerResponse) => {
      if (this.refusals.accepts(response)) this.refusals.refuse(response, UNSUPPORTED_EXPECTATION);
    });
    this.httpServer = server;
  }

  private buildListener(): RequestListener {
    const app = this.getInstance<RequestListener>();
    return (request, response) => {
      if (!this.refusals.accepts(response)) return;
      if (!isUnambiguous(request)) {
        this.refusals.refuse(response, INVALID_REQUEST);
        return;
      }
      request.url = toOriginForm(request.url ?? '');
      app(request, response);
    };
  }
}
