import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { type MiddlewareConsumer, Module, type NestModule, type OnApplicationShutdown } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { Environment } from '../config/environment.js';
import { DynamoDbModule } from '../dynamodb/dynamodb.module.js';
import { jsonBody } from '../http/middleware/json-body.js';
import { UsageModule } from '../usage/usage.module.js';
import { AgentProvider } from './agent/agent.js';
import { createBedrockAgentRuntimeClient } from './agent/bedrock-agent/bedrock-agent-runtime.client.js';
import { BedrockAgentProvider } from './agent/bedrock-agent/bedrock-agent.provider.js';
import { ChatController } from './api/chat.controller.js';
import { ChatService } from './service/chat.service.js';
import { ChatHistoryController } from './api/chat-history.controller.js';
import { ChatHistoryService } from './service/chat-history.service.js';
import { DynamoChatDeletion } from './storage/dynamo-chat-deletion.js';
import { DynamoChatRepository } from './storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from './storage/dynamo-history.repository.js';
import { DynamoLegacyHistory } from './storage/dynamo-legacy-history.js';
import { DynamoTurnOpening } from './storage/dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './storage/dynamo-turn-recovery.js';

/** The road of a turn, from the controllers to the table and the agent. */
@Module({
  imports: [AuthModule, DynamoDbModule, UsageModule],
  controllers: [ChatController, ChatHistoryController],
  providers: [
    ChatService,
    ChatHistoryService,
    DynamoChatRepository,
    DynamoHistoryRepository,
    DynamoChatDeletion,
    DynamoTurnOpening,
    DynamoTurnRecovery,
    DynamoLegacyHistory,
    { provide: BedrockAgentRuntimeClient, useFactory: createBedrockAgentRuntimeClient, inject: [Environment] },
    { provide: AgentProvider, useClass: BedrockAgentProvider },
  ],
})
export class ChatModule implements NestModule, OnApplicationShutdown {
  constructor(private readonly agentRuntime: BedrockAgentRuntimeClient) {}

  /** Bodies are read for the routes that take one, so that an unknown route is 404 whatever it is sent. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(jsonBody).forRoutes(ChatController);
  }

  onApplicationShutdown(): void {
    this.agentRuntime.destroy();
  }
}
