import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { handlerFor, restEvent } from './events.js';
import type { LocalFunction, PackageHandler } from './local-function.js';

interface Front {
  /** Starts a function. */
  readonly start: (handler: PackageHandler) => Promise<LocalFunction>;
  /** A token for the examples. */
  readonly token: string;
  readonly host: string;
  readonly port: number;
}

/** What a REST API takes from a function. */
interface RestAnswer {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
  readonly multiValueHeaders?: Readonly<Record<string, string[]>>;
}

/** The functions behind the front: each is started when it is first needed, and again when it has ended. */
class Functions {
  private readonly started = new Map<PackageHandler, Promise<LocalFunction>>();

  constructor(private readonly start: Front['start']) {}

  /** Whoever asks while one is being started gets that one. */
  async get(handler: PackageHandler): Promise<LocalFunction> {
    const known = this.started.get(handler);
    const running = await known?.catch(() => undefined);
    if (running?.isRunning) return running;
    // Somebody else may have started one meanwhile.
    if (this.started.get(handler) !== known) return this.get(handler);
    const starting = this.start(handler);
    this.started.set(handler, starting);
    return starting;
  }

  async stop(): Promise<void> {
    for (const starting of this.started.values()) await (await starting.catch(() => undefined))?.stop();
  }
}

/**
 * Listens, and passes every request on as a REST API would: `POST /chat/stream` to one function, which streams, and
 * all others to another. One function takes one event at a time: others queue. A signal ends the process.
 *
 * @throws Error when it cannot listen or a function cannot be started; nothing is left running then.
 */
export async function serve({ start, token, host, port }: Front): Promise<void> {
  const functions = new Functions(start);
  const server = createServer((request, response) => {
    pass(functions, request, response).catch((error: unknown) => fail(response, error));
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
  announce(`http://${host}:${(server.address() as AddressInfo).port}`, token);
}

function announce(url: string, token: string): void {
  console.log(`The package answers on ${url}\n\n    export ID_TOKEN=${token}\n`);
  for (const request of [`-sS ${url}/chat`, `-sS -N ${url}/chat/stream`]) {
    console.log(
      `    curl ${request} -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d '{"prompt":"Plan a weekend in Lisbon"}'`,
    );
  }
}

async function pass(functions: Functions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', rawHeaders } = request;
  const event = JSON.stringify(restEvent({ method, url, rawHeaders, body: await buffer(request) }));
  const handler = handlerFor(event);
  const lambda = await functions.get(handler);
  if (handler === 'lambda-stream.handler') await stream(lambda, event, response);
  else answer((await lambda.invoke(event)) as RestAnswer, response);
}

function answer({ statusCode, multiValueHeaders, body, isBase64Encoded }: RestAnswer, response: ServerResponse): void {
  response.writeHead(statusCode, multiValueHeaders).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

async function stream(lambda: LocalFunction, event: string, response: ServerResponse): Promise<void> {
  const { statusCode, headers, body } = await lambda.invokeStream(event);
  response.writeHead(statusCode, headers).flushHeaders();
  // A caller who leaves ends this, and not the function.
  await pipeline(body, response).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  });
}

function fail(response: ServerResponse, error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  if (response.headersSent) response.destroy();
  // The words of API Gateway.
  else response.writeHead(502, { 'content-type': 'application/json' }).end('{"message":"Internal server error"}');
}
