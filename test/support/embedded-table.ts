import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TableSettings } from '../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import type { TableView } from './chat-items.js';

/** Longer than in production, because a busy machine may be slow. */
const TIMEOUT_MILLISECONDS = 10_000;

/** The table of chats in an embedded DynamoDB of its own, without a service. */
export interface EmbeddedTable extends TableView {
  /** For the code under test; `table` has a connection of its own. */
  readonly client: DynamoDBDocumentClient;
  close(): Promise<void>;
}

/**
 * Starts an embedded table.
 *
 * @param path - the folder of the table; without it the table is in memory.
 */
export async function startEmbeddedTable(path?: string): Promise<EmbeddedTable> {
  const dynamoDb = await startEmbeddedDynamoDb(path === undefined ? {} : { path });
  const environment = loadEnvironment({
    AGENT_ID: 'NONE',
    AGENT_ALIAS_ID: 'NONE',
    JWT_VERIFY_SIGNATURE: 'false',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    // Tests send more turns than a user, and the quota's writes would be counted as the chats' writes.
    TURNS_PER_MINUTE: '0',
    TURNS_AT_ONCE: '0',
  });
  const observer = createDynamoDbClient(new TableSettings(environment), TIMEOUT_MILLISECONDS);
  const observed = createDynamoDbClient(new TableSettings(environment), TIMEOUT_MILLISECONDS);
  await ensureChatTable(observer, environment.DYNAMODB_TABLE, { timeToLive: false });
  return {
    environment,
    table: createDocumentClient(observer),
    client: createDocumentClient(observed),
    close: async () => {
      observed.destroy();
      observer.destroy();
      await dynamoDb.close();
    },
  };
}
