import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from '../config/environment.js';

/** How often a call is sent at most. */
const ATTEMPTS = 2;
const CONNECTION_MILLISECONDS = 1_000;
/**
 * For the beginning of a reply, and for each pause inside it. DynamoDB answers within milliseconds, but a
 * busy machine may be late to hear it. Two calls that hang one after the other end within 5 s.
 */
const TIMEOUT_MILLISECONDS = 1_500;

/**
 * The table's client. Without these timeouts a call to a table that does not answer, or stops in the middle of its
 * answer, hangs for ever, and without `throwOnRequestTimeout` the request timeout is only logged.
 *
 * @param timeout - milliseconds for a reply, for those who can wait.
 */
export function createDynamoDbClient(environment: Environment, timeout = TIMEOUT_MILLISECONDS): DynamoDBClient {
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB;
  // By default there are 50, and the time that a call waits for one counts as its time for connecting.
  const connections = { maxSockets: 5_000, keepAlive: true };
  return new DynamoDBClient({
    region: environment.AWS_REGION,
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

/** The same client speaking plain JavaScript values instead of attribute values. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
