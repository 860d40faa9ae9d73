import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  type GlobalSecondaryIndexDescription,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import {
  buildTableSchema,
  CHAT_LIST_INDEX,
  ensureChatTable,
  TableMismatchError,
} from '../../src/dynamodb/table-schema.js';
import { killServers, spawnServer } from '../support/spawned-server.js';

/** What the embedded DynamoDB lacks: the expiry, and new indexes of existing tables. */
interface Additions {
  expiry: string;
  /** How many updates of the expiry fail. */
  failures: number;
  index: GlobalSecondaryIndexDescription | undefined;
  /** The operations beyond the embedded DynamoDB, and the bodies of UpdateTable. */
  calls: string[];
  updates: object[];
}

/** Forwards to the embedded DynamoDB, and does the rest itself. */
function startProxy(engine: string, additions: Additions): Promise<Server> {
  const respond = (operation: string, body: Buffer): [status: number, body: object] | undefined => {
    if (operation === 'UpdateTable') {
      const update = JSON.parse(body.toString());
      additions.updates.push(update);
      additions.index = { ...update.GlobalSecondaryIndexUpdates[0].Create, IndexStatus: 'CREATING' };
      return [200, { TableDescription: {} }];
    }
    if (!operation.endsWith('TimeToLive')) return undefined;
    additions.calls.push(operation);
    if (operation === 'UpdateTimeToLive' && additions.failures-- > 0) {
      return [400, { __type: 'com.amazonaws#ValidationException', message: 'not now' }];
    }
    if (operation === 'UpdateTimeToLive') additions.expiry = 'ENABLING';
    return [200, { TimeToLiveDescription: { TimeToLiveStatus: additions.expiry } }];
  };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const [status, answer] =
        respond(operation, Buffer.concat(chunks)) ?? (await forward(request.headers, Buffer.concat(chunks)));
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    })();
  });
  async function forward(given: object, body: Buffer): Promise<[status: number, body: object]> {
    const headers = { ...given, host: new URL(engine).host } as unknown as Record<string, string>;
    delete headers['content-length'];
    delete headers['connection'];
    const forwarded = await fetch(engine, { method: 'POST', headers, body: new Uint8Array(body) });
    const answer = (await forwarded.json()) as { Table?: { GlobalSecondaryIndexes?: object[] } };
    if (answer.Table && additions.index) answer.Table.GlobalSecondaryIndexes = [additions.index];
    return [forwarded.status, answer];
  }
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('ensureChatTable', () => {
  let engine: EmbeddedDynamoDb;
  let proxy: Server;
  let endpoint: string;
  let client: DynamoDBClient;
  let additions: Additions;

  beforeEach(async () => {
    engine = await startEmbeddedDynamoDb({});
    additions = { expiry: 'DISABLED', failures: 0, index: undefined, calls: [], updates: [] };
    proxy = await startProxy(engine.endpoint, additions);
    endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    client = new DynamoDBClient({ endpoint, region: 'us-east-1' });
  });
  afterEach(async () => {
    await killServers();
    client.destroy();
    proxy.closeAllConnections();
    proxy.close();
    await engine.close();
  });

  /** Creates a table with the keys of ours, and without an index unless `changes` has one. */
  async function createTable(changes: Partial<CreateTableCommandInput> = {}): Promise<void> {
    const { GlobalSecondaryIndexes: _, AttributeDefinitions: all = [], ...schema } = buildTableSchema('chats');
    const AttributeDefinitions = changes.GlobalSecondaryIndexes ? all : all.slice(0, 2);
    await client.send(new CreateTableCommand({ ...schema, AttributeDefinitions, ...changes }));
  }

  it('creates the table with its expiry, and accepts it the next time', async () => {
    expect(await ensureChatTable(client, 'chats')).toBe('created');
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
    expect(additions.calls).toEqual(['DescribeTimeToLive', 'UpdateTimeToLive', 'DescribeTimeToLive']);
    expect(additions.updates).toEqual([]);
  });

  it('enables the expiry that an interrupted run has not enabled', async () => {
    additions.failures = 1;
    await expect(ensureChatTable(client, 'chats')).rejects.toThrow('not now');
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
    expect(additions.expiry).toBe('ENABLING');
  });

  it('adds the index to a table without it, once, and says when it is ready', async () => {
    await createTable();
    expect(await ensureChatTable(client, 'chats')).toBe('index building');
    expect(await ensureChatTable(client, 'chats')).toBe('index building');
    Object.assign(additions.index!, { IndexStatus: 'ACTIVE' });
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
    const [index] = buildTableSchema('chats').GlobalSecondaryIndexes!;
    const type = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
    expect(additions.updates).toEqual([
      {
        TableName: 'chats',
        AttributeDefinitions: [type('user_id'), type('updated_at')],
        GlobalSecondaryIndexUpdates: [{ Create: index }],
      },
    ]);
    expect(additions.expiry).toBe('ENABLING');
  });

  it('gives the index the capacity of a table whose capacity is provisioned', async () => {
    const ProvisionedThroughput = { ReadCapacityUnits: 7, WriteCapacityUnits: 8 };
    await createTable({ BillingMode: 'PROVISIONED', ProvisionedThroughput });
    await ensureChatTable(client, 'chats');
    expect(additions.updates).toMatchObject([{ GlobalSecondaryIndexUpdates: [{ Create: { ProvisionedThroughput } }] }]);
  });

  it('is what npm run table does', async () => {
    await createTable();
    const variables = { AWS_ENDPOINT_URL_DYNAMODB: endpoint, DYNAMODB_TABLE: 'chats', AWS_REGION: 'us-east-1' };
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const command = spawnServer({ ...variables, ...credentials }, { script: ['scripts/table.ts'] });
    expect(await command.exited).toBe(0);
    expect(command.printed).toContain(`Table chats exists (${endpoint}). Its index ${CHAT_LIST_INDEX} is being built`);
    expect(additions.updates).toHaveLength(1);
  });

  it.each<[string, Partial<CreateTableCommandInput>, string]>([
    [
      'other keys',
      {
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
      'its keys are not id (HASH), user_id (RANGE)',
    ],
    [
      'another index of that name',
      { GlobalSecondaryIndexes: [withIndex({ KeySchema: [{ AttributeName: 'updated_at', KeyType: 'HASH' }] })] },
      'the keys of its index user_id-updated_at-index are not user_id (HASH), updated_at (RANGE)',
    ],
    [
      'an index that lacks attributes',
      { GlobalSecondaryIndexes: [withIndex({ Projection: { ProjectionType: 'KEYS_ONLY' } })] },
      'its index user_id-updated_at-index is without title, created_at, deleted_at, expires_at',
    ],
  ])('refuses a table with %s', async (_, changes, problem) => {
    await createTable(changes);
    await expect(ensureChatTable(client, 'chats')).rejects.toThrow(new TableMismatchError(problem));
    expect([...additions.calls, ...additions.updates]).toEqual([]);
  });

  it('accepts an index that has all attributes', async () => {
    await createTable({ GlobalSecondaryIndexes: [withIndex({ Projection: { ProjectionType: 'ALL' } })] });
    expect(await ensureChatTable(client, 'chats')).toBe('exists');
  });
});

type Index = NonNullable<CreateTableCommandInput['GlobalSecondaryIndexes']>[number];

function withIndex(changes: Partial<Index>): Index {
  return { ...buildTableSchema('chats').GlobalSecondaryIndexes![0]!, ...changes };
}
