import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DynamoDbModule } from '../dynamodb/dynamodb.module.js';
import { jsonBody } from '../http/middleware/json-body.js';
import { AgentModule } from './agent/agent.module.js';
import { ChatController } from './api/chat.controller.js';
import { ChatService } from './service/chat.service.js';
import { ChatHistoryController } from './api/chat-history.controller.js';
import { ChatHistoryService } from './service/chat-history.service.js';
import { EarlierTurns } from './service/earlier-turns.js';
import { RunningTurns } from './service/running-turns.js';
import { TurnRunner } from './service/turn-runner.js';
import { TurnTimes } from './service/turn-times.js';
import { DynamoChatDeletion } from './storage/dynamo-chat-deletion.js';
import { DynamoChatRepository } from './storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from './storage/dynamo-history.repository.js';
import { DynamoLegacyHistory } from './storage/dynamo-legacy-history.js';
import { DynamoTable } from '../dynamodb/dynamo-table.js';
import { DynamoTurnOpening } from './storage/dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './storage/dynamo-turn-recovery.js';
import { TurnQuota } from '../usage/turn-quota.js';

/** Chats: the controllers, the services, the storage and the agent. */
@Module({
  imports: [AuthModule, AgentModule, DynamoDbModule],
  controllers: [ChatController, ChatHistoryController],
  providers: [
    ChatService,
    ChatHistoryService,
    TurnRunner,
    EarlierTurns,
    RunningTurns,
    TurnTimes,
    DynamoChatRepository,
    DynamoHistoryRepository,
    DynamoChatDeletion,
    DynamoTurnOpening,
    DynamoTurnRecovery,
    DynamoLegacyHistory,
    DynamoTable,
    TurnQuota,
  ],
})
export class ChatModule implements NestModule {
  /** Bodies are read for the routes that take one, so that an unknown route is 404 whatever it is sent. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(jsonBody).forRoutes(ChatController);
  }
}
