import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TableSettings } from '../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { LONGER_TIMEOUT } from './client-timeouts.js';
import { SECRET } from './tokens.js';

/** The table and the agent of servers in other processes. They run in the process of the test, and outlive the servers. */
export interface ServerParts {
  readonly agent: BedrockAgentEmulator;
  readonly dynamoDb: EmbeddedDynamoDb;
  readonly table: DynamoDBDocumentClient;
  readonly tableName: string;
  /** The configuration of such a server. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts them. @param path - the folder of the table; in memory without it. */
export async function startServerParts(path?: string): Promise<ServerParts> {
  const agent = await startBedrockAgentEmulator();
  const dynamoDb = await startEmbeddedDynamoDb(path === undefined ? {} : { path });
  const variables = {
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    JWT_SECRET_KEY: SECRET,
    AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Tests send more turns than users do.
    TURNS_PER_MINUTE: '0',
    TURNS_AT_ONCE: '0',
    // Tests read whole histories.
    CHAT_HISTORY_LIMIT: '1000',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const environment = loadEnvironment(variables);
  const client = createDynamoDbClient(new TableSettings(environment), LONGER_TIMEOUT);
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  return {
    agent,
    dynamoDb,
    table: createDocumentClient(client),
    tableName: environment.DYNAMODB_TABLE,
    variables,
    close: async () => {
      client.destroy();
      await agent.close();
      await dynamoDb.close();
    },
  };
}
