import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';

const TableName = 'things';
const key = { id: { S: 'a' } };

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  // As on AWS, the table is CREATING for a moment.
  await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 1 }, { TableName });
}

describe('startEmbeddedDynamoDb', () => {
  const cleanups: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function start(path?: string): Promise<EmbeddedDynamoDb> {
    const sut = await startEmbeddedDynamoDb(path === undefined ? {} : { path });
    cleanups.push(() => sut.close());
    return sut;
  }

  async function makeFolder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'dynamodb-'));
    cleanups.push(() => rm(path, { recursive: true }));
    return join(path, 'made', 'here');
  }

  function createClient({ endpoint }: EmbeddedDynamoDb): DynamoDBClient {
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1' });
    cleanups.push(() => client.destroy());
    return client;
  }

  it('serves the SDK from memory, on the loopback interface', async () => {
    const sut = await start();
    const client = createClient(sut);

    await createTable(client);
    await client.send(new PutItemCommand({ TableName, Item: { ...key, text: { S: 'ü' } } }));

    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key }));
    expect(Item).toEqual({ ...key, text: { S: 'ü' } });
    expect(sut.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('keeps its items in its folder over a restart', async () => {
    const path = await makeFolder();
    const before = await start(path);
    await createTable(createClient(before));
    await createClient(before).send(new PutItemCommand({ TableName, Item: key }));
    await before.close();

    const { Item } = await createClient(await start(path)).send(new GetItemCommand({ TableName, Key: key }));

    expect(Item).toEqual(key);
  });

  it('refuses a folder that is in use', async () => {
    const path = await makeFolder();
    // dynalite opens the folder by its first request at the latest.
    await createTable(createClient(await start(path)));

    await expect(start(path)).rejects.toThrow(`already running: another program has ${path} open`);
  });

  it('can be closed twice, with a connection still open', async () => {
    const sut = await start();
    await createTable(createClient(sut));

    await Promise.all([sut.close(), sut.close()]);
    await sut.close();
  });

  it('survives a client that disconnects while sending', async () => {
    const sut = await start();
    const socket = connect(Number(new URL(sut.endpoint).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{"half":');
    await wait(20);
    socket.resetAndDestroy();
    await wait(20);

    await createTable(createClient(sut));
  });
});
