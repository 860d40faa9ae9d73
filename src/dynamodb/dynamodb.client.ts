import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { TableSettings } from '../config/settings.js';
import { toExactNumber } from './exact-number.js';

/** Most attempts of a call, the first included. */
const ATTEMPTS = 2;
const CONNECTION_MILLISECONDS = 1_000;
/**
 * Time limit for the start of a response and for each pause in it. DynamoDB responds within milliseconds; a busy machine
 * reads later. Two calls in a row that time out take less than 5 s.
 */
const TIMEOUT_MILLISECONDS = 1_500;

/**
 * Creates the client of the table. Without these time limits a call could hang for ever. `throwOnRequestTimeout` is
 * needed too: without it the request timeout is only logged.
 *
 * @param timeout - time limit for a response, in milliseconds.
 */
export function createDynamoDbClient(settings: TableSettings, timeout = TIMEOUT_MILLISECONDS): DynamoDBClient {
  const { region, endpoint } = settings;
  // The default is 50, and waiting for a free connection counts as connecting.
  const connections = { maxSockets: 5_000, keepAlive: true };
  return new DynamoDBClient({
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: ATTEMPTS,
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
