import { Module } from '@nestjs/common';
import { DynamoDbModule } from '../../dynamodb/dynamodb.module.js';
import { DynamoChatDeletion } from './dynamo-chat-deletion.js';
import { DynamoChatListRepository } from './dynamo-chat-list.repository.js';
import { DynamoChatRepository } from './dynamo-chat.repository.js';
import { DynamoHiddenTurns } from './dynamo-hidden-turns.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoHistoryRepository } from './dynamo-history.repository.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoOpenTurns } from './dynamo-open-turns.js';
import { DynamoTurnCancellation } from './dynamo-turn-cancellation.js';
import { DynamoTurnConflict } from './dynamo-turn-conflict.js';
import { DynamoTurnLease } from './dynamo-turn-lease.js';
import { DynamoTurnOpening } from './dynamo-turn-opening.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { DynamoTurnReplacement } from './dynamo-turn-replacement.js';
import { DynamoTurnStop } from './dynamo-turn-stop.js';
import { DynamoVisibleTurns } from './dynamo-visible-turns.js';

/** Chats in DynamoDB. Other modules use only what this one exports. */
@Module({
  imports: [DynamoDbModule],
  providers: [
    DynamoChatRepository,
    DynamoChatListRepository,
    DynamoHistoryRepository,
    DynamoChatDeletion,
    DynamoTurnOpening,
    DynamoTurnConflict,
    DynamoTurnRecovery,
    DynamoTurnCancellation,
    DynamoTurnLease,
    DynamoTurnStop,
    DynamoOpenTurns,
    DynamoTurnReplacement,
    DynamoVisibleTurns,
    DynamoHiddenTurns,
    DynamoHeadRepair,
    DynamoLegacyHistory,
  ],
  exports: [
    DynamoChatRepository,
    DynamoTurnLease,
    DynamoTurnStop,
    DynamoOpenTurns,
    DynamoChatListRepository,
    DynamoHistoryRepository,
    DynamoChatDeletion,
  ],
})
export class StorageModule {}
