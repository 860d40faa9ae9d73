import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { NodeHttpHandler } from '@smithy/node-http-handler';

/** Far more than a reply takes on a busy machine, in milliseconds. */
export const LONGER_TIMEOUT = 30_000;

/** Replaces the timeouts of a client, for tests that do not test them. */
export function useLongerTimeouts(client: DynamoDBClient): void {
  const handler = client.config.requestHandler as NodeHttpHandler;
  for (const name of ['connectionTimeout', 'requestTimeout', 'socketTimeout'] as const) {
    handler.updateHttpClientConfig(name, LONGER_TIMEOUT);
  }
}
