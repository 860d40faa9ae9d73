import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { NodeHttpHandler } from '@smithy/node-http-handler';

/** Far more than a reply takes on a busy machine, in milliseconds. */
export const LONGER_TIMEOUT = 30_000;

/** Replaces the timeouts of a client. Tests that do not test them get longer ones. */
export function useTimeouts({ config }: Pick<DynamoDBClient, 'config'>, milliseconds = LONGER_TIMEOUT): void {
  const handler = config.requestHandler as NodeHttpHandler;
  for (const name of ['connectionTimeout', 'requestTimeout', 'socketTimeout'] as const) {
    handler.updateHttpClientConfig(name, milliseconds);
  }
}
