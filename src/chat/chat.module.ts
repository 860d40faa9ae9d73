import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AwsModule } from '../aws/aws.module.js';
import { jsonBody } from '../http/json-body.js';
import { AgentProvider } from './agent/agent.js';
import { BedrockAgentProvider } from './agent/bedrock-agent.provider.js';
import { ChatController } from './chat.controller.js';
import { ChatService } from './chat.service.js';
import { ChatsController } from './chats.controller.js';
import { ChatsService } from './chats.service.js';
import { DynamoChatDeletion } from './dynamo-chat-deletion.js';
import { DynamoChatRepository } from './dynamo-chat.repository.js';
import { DynamoHistoryRepository } from './dynamo-history.repository.js';
import { DynamoInlineHistory } from './dynamo-inline-history.js';
import { DynamoTable } from './dynamo-table.js';
import { DynamoTurnOpening } from './dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { TurnQuota } from './turn-quota.js';

/** The road of a turn, from the controllers to the table and the agent. */
@Module({
  imports: [AuthModule, AwsModule],
  controllers: [ChatController, ChatsController],
  providers: [
    ChatService,
    ChatsService,
    DynamoChatRepository,
    DynamoHistoryRepository,
    DynamoChatDeletion,
    DynamoTurnOpening,
    DynamoTurnRecovery,
    DynamoInlineHistory,
    DynamoTable,
    TurnQuota,
    { provide: AgentProvider, useClass: BedrockAgentProvider },
  ],
})
export class ChatModule implements NestModule {
  /** Bodies are read for the routes that take one, so that an unknown route is 404 whatever it is sent. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(jsonBody).forRoutes(ChatController);
  }
}
