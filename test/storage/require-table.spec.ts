import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { TableSettings } from '../../src/config/settings.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { requireTable, TableUnusableError } from '../../src/dynamodb/require-table.js';
import { startUnreachable } from '../support/unreachable.js';

const PATIENCE = { patience: 300, pause: 20 };

describe('requireTable', () => {
  let unreachable: Awaited<ReturnType<typeof startUnreachable>>;
  beforeAll(async () => {
    unreachable = await startUnreachable();
  });
  afterAll(() => unreachable.close());

  /** Looks at a table behind a port. @returns what was thrown, and the lines meanwhile. */
  async function lookAt(port: number): Promise<{ thrown: unknown; lines: string[] }> {
    const endpoint = `http://127.0.0.1:${port}`;
    const variables = { AGENT_MODEL_ID: 'm', JWT_VERIFY_SIGNATURE: 'false', AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    const settings = new TableSettings(loadEnvironment(variables));
    const client = createDynamoDbClient(settings, 100);
    const lines: string[] = [];
    const table = new DynamoTable(createDocumentClient(client), settings, new Clock());
    const onWait = (line: string) => void lines.push(line);
    const thrown = await requireTable(table, settings, { ...PATIENCE, onWait }).catch((error: unknown) => error);
    client.destroy();
    return { thrown, lines };
  }

  it.each(['refused', 'unanswered'] as const)('gives up after a while if connections are %s', async (kind) => {
    const { thrown, lines } = await lookAt(unreachable[kind]);
    expect(thrown).toBeInstanceOf(TableUnusableError);
    expect(String(thrown)).toContain('cannot be used: it cannot be reached; check AWS_ENDPOINT_URL_DYNAMODB');
    expect(lines).toEqual([expect.stringContaining('yet: it cannot be reached. The start waits for 0.3 s')]);
  });

  it.each<[string, number, string, string]>([
    ['DynamoDB fails', 500, '{"__type":"InternalServerError"}', 'DynamoDB fails; see'],
    ['a gateway fails', 502, '<html>', 'DynamoDB fails; see'],
    ['a page answers', 200, '<html>', 'unknown error; check'],
    ['a page is missing', 404, 'Not found', 'unknown error; check'],
  ])('names what answers: %s', async (_, status, body, expected) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { thrown, lines } = await lookAt((server.address() as AddressInfo).port);
    server.close().closeAllConnections();
    expect(String(thrown)).toContain(expected);
    expect(lines).toHaveLength(status >= 500 ? 1 : 0);
  });
});
