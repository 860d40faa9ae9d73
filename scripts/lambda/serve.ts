import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { restEvent } from './events.js';
import type { LocalFunction } from './local-function.js';

interface Front {
  /** Starts the function, and again when it has ended. */
  readonly start: () => Promise<LocalFunction>;
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

/** Listens, and passes every request on as a REST API would. One function takes one event at a time: others queue. */
export async function serve({ start, token, host, port }: Front): Promise<void> {
  let lambda = await start();
  const server = createServer((request, response) => {
    pass(request, response).catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      // The words of API Gateway.
      response.writeHead(502, { 'content-type': 'application/json' }).end('{"message":"Internal server error"}');
    });
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', rawHeaders } = request;
    const event = restEvent({ method, url, rawHeaders, body: await buffer(request) });
    if (!lambda.isRunning) lambda = await start();
    const answer = (await lambda.invoke(JSON.stringify(event))) as RestAnswer;
    response.writeHead(answer.statusCode, answer.multiValueHeaders);
    response.end(Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'));
  }
  server.listen(port, host);
  await once(server, 'listening');
  const url = `http://${host}:${port}`;
  console.log(`The package answers on ${url}\n\n  export ID_TOKEN=${token}\n`);
  console.log(
    `  curl -sS ${url}/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d '{"prompt":"Plan a weekend in Lisbon"}'`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void lambda.stop().finally(() => process.exit(0)));
  }
}
