import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A table that takes everything and keeps nothing, so that what is measured is the function. */
export interface ConstantDynamoDb {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Answers every update with the head of a chat in its first turn, and every other call with nothing. */
export async function startConstantDynamoDb(): Promise<ConstantDynamoDb> {
  const at = { S: new Date().toISOString() };
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { Key } = body as { Key?: object };
      const isUpdate = request.headers['x-amz-target'] === 'DynamoDB_20120810.UpdateItem';
      const head = { ...Key, turns: { N: '1' }, title: { S: 'A chat' }, created_at: at, updated_at: at };
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify(isUpdate ? { Attributes: head } : {}));
    });
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
