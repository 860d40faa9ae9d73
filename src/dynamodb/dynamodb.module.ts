import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { createBedrockAgentRuntimeClient } from '../chat/agent/bedrock-agent/bedrock-agent-runtime.client.js';
import { createDocumentClient, createDynamoDbClient } from './dynamodb.client.js';
import { DynamoTable } from './dynamo-table.js';

/** The AWS clients, made once from the configuration and closed with the app. */
@Module({
  providers: [
    { provide: DynamoDBClient, useFactory: createDynamoDbClient, inject: [Environment] },
    { provide: DynamoDBDocumentClient, useFactory: createDocumentClient, inject: [DynamoDBClient] },
    { provide: BedrockAgentRuntimeClient, useFactory: createBedrockAgentRuntimeClient, inject: [Environment] },
    DynamoTable,
  ],
  exports: [DynamoDBDocumentClient, DynamoTable, BedrockAgentRuntimeClient],
})
export class DynamoDbModule implements OnApplicationShutdown {
  constructor(
    private readonly dynamoDb: DynamoDBClient,
    private readonly agentRuntime: BedrockAgentRuntimeClient,
  ) {}

  onApplicationShutdown(): void {
    this.dynamoDb.destroy();
    this.agentRuntime.destroy();
  }
}
