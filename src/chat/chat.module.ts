import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DynamoDbModule } from '../dynamodb/dynamodb.module.js';
import { jsonBody } from '../http/middleware/json-body.js';
import { AgentProvider } from './agent/agent.js';
import { BedrockAgentProvider } from './agent/bedrock-agent/bedrock-agent.provider.js';
import { ChatController } from './api/chat.controller.js';
import { ChatService } from './service/chat.service.js';
import { ChatHistoryController } from './api/chat-history.controller.js';
import { ChatHistoryService } from './service/chat-history.service.js';
import { StorageModule } from './storage/storage.module.js';
import { TurnQuota } from '../usage/turn-quota.js';

/** The road of a turn, from the controllers to the table and the agent. */
@Module({
  imports: [AuthModule, DynamoDbModule, StorageModule],
  controllers: [ChatController, ChatHistoryController],
  providers: [ChatService, ChatHistoryService, TurnQuota, { provide: AgentProvider, useClass: BedrockAgentProvider }],
})
export class ChatModule implements NestModule {
  /** Bodies are read for the routes that take one, so that an unknown route is 404 whatever it is sent. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(jsonBody).forRoutes(ChatController);
  }
}
