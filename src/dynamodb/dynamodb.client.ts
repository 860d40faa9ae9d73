import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { TableSettings } from '../config/settings.js';
import { TABLE_TRIES, TABLE_TRY } from '../config/waits.js';
import { toExactNumber } from './exact-number.js';

const CONNECTION_MILLISECONDS = 1_000;

/**
 * Creates the client of the table. Without these time limits a call could hang for ever. `throwOnRequestTimeout` is
 * needed too: without it the request timeout is only logged.
 *
 * @param timeout - time limit for a response, in milliseconds.
 */
export function createDynamoDbClient(settings: TableSettings, timeout = TABLE_TRY): DynamoDBClient {
  const { region, endpoint } = settings;
  // The default is 50, and waiting for a free connection counts as connecting.
  const connections = { maxSockets: 5_000, keepAlive: true };
  return new DynamoDBClient({
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: TABLE_TRIES,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_MILLISECONDS,
      requestTimeout: timeout,
      throwOnRequestTimeout: true,
      socketTimeout: timeout,
      httpAgent: connections,
      httpsAgent: connections,
    }),
  });
}

/** Wraps a client so that it takes plain JavaScript values instead of attribute values. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: toExactNumber },
  });
}
