import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

const AT = { S: '2026-01-01T00:00:00.000Z' };

/** A table that accepts every write and stores nothing, so that measurements show the function alone. */
export interface ConstantDynamoDb {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Responds to updates with the head of a chat in its first turn, and to other calls with an empty result. */
export async function startConstantDynamoDb(): Promise<ConstantDynamoDb> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { Key } = (await json(request)) as { Key?: object };
  const isUpdate = request.headers['x-amz-target'] === 'DynamoDB_20120810.UpdateItem';
  const head = { ...Key, turns: { N: '1' }, title: { S: 'A chat' }, created_at: AT, updated_at: AT };
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify(isUpdate ? { Attributes: head } : {}));
}
