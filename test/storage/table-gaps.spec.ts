import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeTableGaps } from '../../src/dynamodb/table-gaps.js';
import { buildTableSchema } from '../../src/dynamodb/table-schema.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, startServer } from '../support/spawned-server.js';
import { schemaWithoutIndex } from '../support/table-without-index.js';

const NO_INDEX = 'no index user_id-updated_at-index for the list of chats';
const NO_EXPIRY = 'no expiry by expires_at, so what a delete leaves stays for ever';
const OTHER_EXPIRY =
  'no expiry by expires_at (it is on for another attribute: turn that off first), so what a delete leaves stays for ever';
const CURE = '"npm run table" mends it: see docs/moving-over.md';

/** What DynamoDB answers to the operations that describe a table. */
type Answers = Readonly<Record<'DescribeTable' | 'DescribeTimeToLive', object>>;

const COMPLETE: Answers = {
  DescribeTable: { Table: buildTableSchema('chats') },
  DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires_at' } },
};
const noIndex = { DescribeTable: { Table: schemaWithoutIndex('chats') } };
const noExpiry = { DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } } };
const otherExpiry = {
  DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' } },
};
const refused = { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'not authorized' };

describe('describeTableGaps', () => {
  let server: Server;
  let client: DynamoDBClient;
  let answers: Answers;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] as keyof Answers;
      const answer = answers[operation];
      request.resume().on('end', () => response.writeHead('__type' in answer ? 400 : 200).end(JSON.stringify(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new DynamoDBClient({ endpoint, region: 'us-east-1', maxAttempts: 1 });
  });
  afterAll(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each<[string, Partial<Answers>, string | undefined]>([
    ['nothing about a complete table', {}, undefined],
    ['the index', noIndex, `The table chats has ${NO_INDEX}. ${CURE}`],
    ['the expiry', noExpiry, `The table chats has ${NO_EXPIRY}. ${CURE}`],
    ['an expiry by another attribute', otherExpiry, `The table chats has ${OTHER_EXPIRY}. ${CURE}`],
    ['both', { ...noIndex, ...noExpiry }, `The table chats has ${NO_INDEX}, and ${NO_EXPIRY}. ${CURE}`],
    ['nothing without permissions', { DescribeTable: refused, DescribeTimeToLive: refused }, undefined],
    [
      'the index without the other permission',
      { ...noIndex, DescribeTimeToLive: refused },
      `The table chats has ${NO_INDEX}. ${CURE}`,
    ],
  ])('says %s', async (_, changed, line) => {
    answers = { ...COMPLETE, ...changed };
    expect(await describeTableGaps(client, 'chats')).toBe(line);
  });
});

describe('the server', () => {
  let parts: ServerParts;
  beforeAll(async () => {
    parts = await startServerParts();
  });
  afterEach(killServers);
  afterAll(() => parts.close());

  it('starts on a table without the index, and says so once', async () => {
    const TableName = parts.tableName;
    await parts.table.send(new DeleteTableCommand({ TableName }));
    await parts.table.send(new CreateTableCommand(schemaWithoutIndex(TableName)));
    const server = await startServer(parts.variables);
    await server.untilPrinted(new RegExp(`"level":"warn".*${NO_INDEX}`));
    await fetch(`${server.url}/chats/none`);
    expect(server.printed.split(NO_INDEX)).toHaveLength(2);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});
