import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { handlerFor, restEvent } from './events.js';
import type { LocalFunction, PackageHandler } from './local-function.js';

interface Front {
  /** Starts a function, and again when it has ended. */
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

/**
 * Listens, and passes every request on as a REST API would: `POST /chat/stream` to one function, which streams, and
 * all others to another. One function takes one event at a time: others queue.
 */
export async function serve({ start, token, host, port }: Front): Promise<void> {
  const functions = {
    'lambda.handler': await start('lambda.handler'),
    'lambda-stream.handler': await start('lambda-stream.handler'),
  };
  const server = createServer((request, response) => {
    pass(request, response).catch((error: unknown) => fail(response, error));
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', rawHeaders } = request;
    const event = JSON.stringify(restEvent({ method, url, rawHeaders, body: await buffer(request) }));
    const handler = handlerFor(event);
    if (!functions[handler].isRunning) functions[handler] = await start(handler);
    if (handler === 'lambda-stream.handler') await stream(functions[handler], event, response);
    else answer((await functions[handler].invoke(event)) as RestAnswer, response);
  }
  server.listen(port, host);
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  console.log(`The package answers on ${url}\n\n    export ID_TOKEN=${token}\n`);
  for (const request of [`-sS ${url}/chat`, `-sS -N ${url}/chat/stream`]) {
    console.log(
      `    curl ${request} -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d '{"prompt":"Plan a weekend in Lisbon"}'`,
    );
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      void Promise.all(Object.values(functions).map((lambda) => lambda.stop())).finally(() => process.exit(0));
    });
  }
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
