import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { ensureChatTable, TableMismatchError } from '../../src/dynamodb/table-schema.js';

/** Forwards to the embedded DynamoDB, and adds Time to Live, which it lacks. */
function startProxy(engine: string, expiry: { status: string; failures: number; calls: string[] }): Promise<Server> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      if (!operation.endsWith('TimeToLive')) {
        const headers = { ...request.headers, host: new URL(engine).host } as unknown as Record<string, string>;
        delete headers['content-length'];
        delete headers['connection'];
        const forwarded = await fetch(engine, { method: 'POST', headers, body: Buffer.concat(chunks) });
        response
          .writeHead(forwarded.status, { 'content-type': 'application/x-amz-json-1.0' })
          .end(await forwarded.text());
        return;
      }
      expiry.calls.push(operation);
      if (operation === 'UpdateTimeToLive' && expiry.failures-- > 0) {
        response
          .writeHead(400)
          .end(JSON.stringify({ __type: 'com.amazonaws#ValidationException', message: 'not now' }));
        return;
      }
      if (operation === 'UpdateTimeToLive') expiry.status = 'ENABLING';
      response.end(JSON.stringify({ TimeToLiveDescription: { TimeToLiveStatus: expiry.status } }));
    })();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('ensureChatTable', () => {
  let engine: EmbeddedDynamoDb;
  let proxy: Server;
  let client: DynamoDBClient;
  const expiry = { status: 'DISABLED', failures: 0, calls: [] as string[] };

  beforeEach(async () => {
    engine = await startEmbeddedDynamoDb({});
    Object.assign(expiry, { status: 'DISABLED', failures: 0, calls: [] });
    proxy = await startProxy(engine.endpoint, expiry);
    const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    client = new DynamoDBClient({ endpoint, region: 'us-east-1' });
  });
  afterEach(async () => {
    client.destroy();
    proxy.closeAllConnections();
    proxy.close();
    await engine.close();
  });

  it('creates the table with its expiry, and accepts it the next time', async () => {
    expect(await ensureChatTable(client, 'chats')).toBe('created');
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
    expect(expiry.calls).toEqual(['DescribeTimeToLive', 'UpdateTimeToLive', 'DescribeTimeToLive']);
  });

  it('enables the expiry that an interrupted run has not enabled', async () => {
    expiry.failures = 1;
    await expect(ensureChatTable(client, 'chats')).rejects.toThrow('not now');
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
    expect(expiry.status).toBe('ENABLING');
  });

  it('refuses a table with other keys or without the index', async () => {
    const key = (name: string, type: 'HASH' | 'RANGE') => ({ AttributeName: name, KeyType: type });
    const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
    const table = (TableName: string, ...names: string[]) =>
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: names.map(attribute),
        KeySchema: names.map((name, index) => key(name, index === 0 ? 'HASH' : 'RANGE')),
      });
    await client.send(table('other', 'pk'));
    await client.send(table('bare', 'id', 'user_id'));
    await expect(ensureChatTable(client, 'other')).rejects.toThrow('its keys are not id (HASH), user_id (RANGE)');
    await expect(ensureChatTable(client, 'bare')).rejects.toBeInstanceOf(TableMismatchError);
    expect(expiry.calls).toEqual([]);
  });
});
