import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from '../config/environment.js';

/**
 * The table's client. Without these timeouts a call to a table that does not answer hangs for ever, and without
 * `throwOnRequestTimeout` the request timeout is only logged.
 */
export function createDynamoDbClient(environment: Environment): DynamoDBClient {
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB;
  return new DynamoDBClient({
    region: environment.AWS_REGION,
    ...(endpoint && { endpoint }),
    maxAttempts: 2,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 1_000,
      requestTimeout: 2_000,
      throwOnRequestTimeout: true,
    }),
  });
}

/** The same client speaking plain JavaScript values instead of attribute values. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
