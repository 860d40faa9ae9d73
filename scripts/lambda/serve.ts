import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { findHandler, buildRestEvent } from './events.js';
import type { LocalFunction, PackageHandler } from './local-function.js';

interface ServeOptions {
  /** Starts a function. */
  readonly start: (handler: PackageHandler) => Promise<LocalFunction>;
  /** A token for the printed requests. */
  readonly token: string;
  /** Whether the token's key exists in this run only, so that `npm run token` cannot sign with it. */
  readonly hasOwnKey: boolean;
  readonly host: string;
  readonly port: number;
}

/** The result of a function behind a REST API. */
interface RestResult {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
  readonly multiValueHeaders?: Readonly<Record<string, string[]>>;
}

/** The functions that run. Each handles one event at a time. As on Lambda, another one starts when all are busy. */
class Functions {
  private readonly starting: Promise<LocalFunction>[] = [];
  private readonly started: Readonly<Record<PackageHandler, LocalFunction[]>> = {
    'lambda.handler': [],
    'lambda-stream.handler': [],
  };

  constructor(private readonly start: ServeOptions['start']) {}

  async get(handler: PackageHandler): Promise<LocalFunction> {
    const free = this.started[handler].find((lambda) => lambda.isRunning && !lambda.isBusy);
    if (free) return free;
    const starting = this.start(handler);
    this.starting.push(starting);
    const lambda = await starting;
    this.started[handler].push(lambda);
    return lambda;
  }

  async stop(): Promise<void> {
    for (const starting of this.starting) await (await starting.catch(() => undefined))?.stop();
  }
}

/**
 * Forwards every request to a function, as a REST API does. Streams have a function of their own.
 * SIGINT and SIGTERM end the process.
 *
 * @throws Error when it cannot listen or a function cannot be started. Nothing runs after that.
 */
export async function serve({ start, host, port, ...credentials }: ServeOptions): Promise<void> {
  const functions = new Functions(start);
  const server = createServer((request, response) => {
    forward(functions, request, response).catch((error: unknown) => sendError(response, error));
  });
  server.listen(port, host);
  await once(server, 'listening');
  try {
    await Promise.all([functions.get('lambda.handler'), functions.get('lambda-stream.handler')]);
  } catch (error) {
    server.close();
    await functions.stop();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void functions.stop().finally(() => process.exit(0)));
  }
  announce(`http://${host}:${(server.address() as AddressInfo).port}`, credentials);
}

function announce(url: string, { token, hasOwnKey }: Pick<ServeOptions, 'token' | 'hasOwnKey'>): void {
  const about = hasOwnKey
    ? `This server has its own key, which changes at each start.
  Tokens of npm run token and of npm start get 401 here. Use this one, of the user demo:`
    : 'A token of the user demo, signed with the configured key, as npm run token does:';
  console.log(`The package is ready on ${url}\n\n  ${about}\n\n    export ID_TOKEN=${token}\n\n  Requests:\n`);
  for (const request of [`-sS ${url}/chat`, `-sS -N ${url}/chat/stream`]) {
    console.log(
      `    curl ${request} -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d '{"prompt":"Plan a weekend in Lisbon"}'`,
    );
  }
}

async function forward(functions: Functions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', rawHeaders } = request;
  const event = JSON.stringify(buildRestEvent({ method, url, rawHeaders, body: await buffer(request) }));
  const handler = findHandler(event);
  const lambda = await functions.get(handler);
  if (handler === 'lambda-stream.handler') await stream(lambda, event, response);
  else sendResult((await lambda.invoke(event)) as RestResult, response);
}

function sendResult(result: RestResult, response: ServerResponse): void {
  const { statusCode, multiValueHeaders, body, isBase64Encoded } = result;
  response.writeHead(statusCode, multiValueHeaders).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

async function stream(lambda: LocalFunction, event: string, response: ServerResponse): Promise<void> {
  const { statusCode, headers, body } = await lambda.invokeStream(event);
  response.writeHead(statusCode, headers).flushHeaders();
  // A client that disconnects ends the copy. The function continues.
  await pipeline(body, response).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  });
}

function sendError(response: ServerResponse, error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  if (response.headersSent) response.destroy();
  // The body that API Gateway sends.
  else response.writeHead(502, { 'content-type': 'application/json' }).end('{"message":"Internal server error"}');
}
