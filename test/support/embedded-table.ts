import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TableSettings } from '../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import type { TableView } from './chat-items.js';

/** A busy machine may be late with an answer, and here nothing is a matter of seconds. */
const PATIENCE_MILLISECONDS = 10_000;

/** The table of chats in an embedded DynamoDB of its own, with no service around it. */
export interface EmbeddedTable extends TableView {
  /** For what is tested or measured; `table` looks on over a connection of its own. */
  readonly client: DynamoDBDocumentClient;
  close(): Promise<void>;
}

/** Starts one. @param path - the folder of the table; in memory without it. */
export async function startEmbeddedTable(path?: string): Promise<EmbeddedTable> {
  const dynamoDb = await startEmbeddedDynamoDb(path === undefined ? {} : { path });
  const environment = loadEnvironment({
    AGENT_ID: 'NONE',
    AGENT_ALIAS_ID: 'NONE',
    JWT_VERIFY_SIGNATURE: 'false',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    // More turns come than from any user, and what the quota writes is none of the chats'.
    TURNS_PER_MINUTE: '0',
  });
  const observer = createDynamoDbClient(new TableSettings(environment), PATIENCE_MILLISECONDS);
  const observed = createDynamoDbClient(new TableSettings(environment), PATIENCE_MILLISECONDS);
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
