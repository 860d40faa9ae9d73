import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Environment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { LONGER_TIMEOUT } from '../support/client-timeouts.js';

const SLOW_MILLISECONDS = 300;

describe('createDynamoDbClient', () => {
  /** A slow DynamoDB, which responds within the time limit. */
  let server: Server;
  let calls = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      calls += 1;
      setTimeout(() => response.end('{}'), SLOW_MILLISECONDS);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('has a connection for each of 250 calls at the same time', async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const environment = Object.assign(new Environment(), { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
    const sut = createDynamoDbClient(new TableSettings(environment), LONGER_TIMEOUT);
    const command = () => new GetItemCommand({ TableName: 'chats', Key: { id: { S: 'a' } } });
    const results = await Promise.allSettled(Array.from({ length: 250 }, () => sut.send(command())));
    sut.destroy();
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(calls).toBe(250);
  });
});
