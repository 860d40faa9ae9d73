import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient, createDynamoDbClient } from '../../src/aws/dynamodb.client.js';
import { ensureChatTable } from '../../src/chat/chat-table.js';
import { DynamoChatRepository } from '../../src/chat/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from '../../src/chat/dynamo-history.repository.js';
import { DynamoInlineHistory } from '../../src/chat/dynamo-inline-history.js';
import { DynamoTable } from '../../src/chat/dynamo-table.js';
import { DynamoTurnOpening } from '../../src/chat/dynamo-turn-opening.js';
import { DynamoTurnRecovery } from '../../src/chat/dynamo-turn-recovery.js';
import { type Environment, loadEnvironment } from '../../src/config/environment.js';
import { startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';

/** The storage of chats alone, on a table of its own in memory. */
export interface ChatStore {
  readonly chats: DynamoChatRepository;
  readonly history: DynamoHistoryRepository;
  /** The table itself, to look behind the repositories, over a connection of its own. */
  readonly table: DynamoDBDocumentClient;
  readonly tableName: string;
  /** The client that the repositories use, for faults to be put into. */
  readonly client: DynamoDBDocumentClient;
  readonly environment: Environment;
  close(): Promise<void>;
}

/** Starts one; `variables` override those of the test's configuration. */
export async function startChatStore(variables: Record<string, string> = {}): Promise<ChatStore> {
  const dynamoDb = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment({
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    JWT_VERIFY_SIGNATURE: 'false',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    ...variables,
  });
  const observer = createDynamoDbClient(environment);
  const raw = createDynamoDbClient(environment);
  await ensureChatTable(observer, environment.DYNAMODB_TABLE, { timeToLive: false });
  const client = createDocumentClient(raw);
  const dynamoTable = new DynamoTable(client, environment);
  const recovery = new DynamoTurnRecovery(dynamoTable, environment);
  const inline = new DynamoInlineHistory(dynamoTable, environment);
  const opening = new DynamoTurnOpening(dynamoTable, recovery, inline, environment);
  return {
    chats: new DynamoChatRepository(dynamoTable, opening, recovery, environment),
    history: new DynamoHistoryRepository(dynamoTable, inline),
    table: createDocumentClient(observer),
    tableName: environment.DYNAMODB_TABLE,
    client,
    environment,
    close: async () => {
      raw.destroy();
      observer.destroy();
      await dynamoDb.close();
    },
  };
}
