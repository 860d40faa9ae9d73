import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Environment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { LONGER_TIMEOUT, useTimeouts } from '../support/client-timeouts.js';

const CALLS = 250;

describe('createDynamoDbClient', () => {
  /** A DynamoDB that responds once all calls have arrived. */
  let server: Server;
  const waiting: ServerResponse[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      waiting.push(response);
      if (waiting.length === CALLS) for (const each of waiting) each.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it(`has a connection for each of ${CALLS} calls at the same time`, async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const environment = Object.assign(new Environment(), { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
    const sut = createDynamoDbClient(new TableSettings(environment), LONGER_TIMEOUT);
    // The server accepts connections late on a busy machine.
    useTimeouts(sut);
    const command = () => new GetItemCommand({ TableName: 'chats', Key: { id: { S: 'a' } } });
    const results = await Promise.allSettled(Array.from({ length: CALLS }, () => sut.send(command())));
    sut.destroy();
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(waiting).toHaveLength(CALLS);
  });
});
