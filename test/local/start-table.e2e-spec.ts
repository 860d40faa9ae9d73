import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TableSettings } from '../../src/config/settings.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { VERSION } from '../../src/config/version.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, spawnServer } from '../support/spawned-server.js';
import { itEachTogether } from '../support/together.js';
import { tokenOf } from '../support/tokens.js';

/** A DynamoDB that refuses every call, at first in this way. */
interface RefusingDynamoDb {
  readonly endpoint: string;
  fault: string;
  close(): void;
}

async function startRefusing(fault: string, port = 0): Promise<RefusingDynamoDb> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    const message = 'User: arn:aws:iam::123456789012:user/jane is not authorized';
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${dynamoDb.fault}`, message }));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const dynamoDb: RefusingDynamoDb = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault,
    close: () => server.close().closeAllConnections(),
  };
  return dynamoDb;
}

describe('a server that is not in local mode', () => {
  const home = mkdtempSync(join(tmpdir(), 'start-table-'));
  let parts: ServerParts;
  let denied: RefusingDynamoDb;

  beforeAll(async () => {
    parts = await startServerParts();
    denied = await startRefusing('AccessDeniedException');
    const variables = { ...parts.variables, DYNAMODB_TABLE: 'other-keys' };
    const client = createDynamoDbClient(new TableSettings(loadEnvironment(variables)));
    await client.send(
      new CreateTableCommand({
        TableName: 'other-keys',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    client.destroy();
  });
  afterAll(async () => {
    await killServers();
    denied.close();
    await parts.close();
    rmSync(home, { recursive: true, force: true });
  });

  const start = (changes: Record<string, string> = {}) =>
    spawnServer({ NODE_ENV: 'production', HOME: home, ...parts.variables, ...changes });

  /** `src/dynamodb/storage-fault.spec.ts` tests all other faults. */
  itEachTogether(
    [
      { what: 'no table', changes: () => ({ DYNAMODB_TABLE: 'nobody-made-it' }), reason: 'it does not exist; check' },
      {
        what: 'a table with other keys',
        changes: () => ({ DYNAMODB_TABLE: 'other-keys' }),
        reason: 'its keys are not id',
      },
      {
        what: 'no credentials',
        changes: () => ({ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' }),
        reason: 'there are no credentials; give',
      },
      {
        what: 'no permission',
        changes: () => ({ AWS_ENDPOINT_URL_DYNAMODB: denied.endpoint }),
        reason: 'access is denied; give',
      },
    ],
    'ends with 1 and one line for $what',
    async ({ changes, reason }) => {
      const server = start(changes());
      expect(await server.exited).toBe(1);
      expect(server.printed.trim().split('\n')).toEqual([expect.stringContaining(`cannot be used: ${reason}`)]);
      expect(server.printed).toMatch(/^The table \S+ in us-east-1 at http:\/\/127\.0\.0\.1:\d+ cannot be used/);
      expect(server.printed).not.toContain('arn:');
    },
  );

  it('starts if the table throttles, because it is there, and says at run time what is wrong', async () => {
    const table = await startRefusing('ProvisionedThroughputExceededException');
    const server = start({ AWS_ENDPOINT_URL_DYNAMODB: table.endpoint });
    const [, url = ''] = await server.untilPrinted(/Listening on (http:[^\s"]+)/);
    table.fault = 'ResourceNotFoundException';
    const { status } = await fetch(`${url}/chats/c-1`, { headers: { id_token: tokenOf('alice') } });
    table.close();
    expect(status).toBe(503);
    await server.untilPrinted(/"reason":"it does not exist"/);
    expect(server.printed).not.toContain('arn:');
  });

  it('ends on a signal while it waits for its table', async () => {
    const gone = await startRefusing('none');
    gone.close();
    const server = start({ AWS_ENDPOINT_URL_DYNAMODB: gone.endpoint });
    await server.untilPrinted(/cannot be used yet/);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(server.printed).not.toMatch(/Listening|at .*:\d+:\d+/);
  });

  it('waits for a table that cannot be reached yet, says so once, and then says what runs', async () => {
    const gone = await startRefusing('none');
    gone.close();
    const { endpoint } = gone;
    const server = start({ AWS_ENDPOINT_URL_DYNAMODB: endpoint, JWT_ISSUER: 'https://id.example' });
    await server.untilPrinted(/"level":"warn".*cannot be used yet: it cannot be reached/);
    expect(server.printed).not.toContain('Listening');
    const table = await startRefusing('ThrottlingException', Number(new URL(endpoint).port));
    const [line] = await server.untilPrinted(/Listening on .*/);
    table.close();
    expect(line).toMatch(/ and asking the Bedrock agent AGENT \(alias ALIAS\) in us-east-1 at http:\S+:\d+; table/);
    expect(line).toContain(
      `; table test-chat in us-east-1 at ${endpoint}, ` +
        `tokens of https://id.example signed with a secret, version ${VERSION}`,
    );
    expect(server.printed.match(/cannot be used yet/g)).toHaveLength(1);
  });
});
