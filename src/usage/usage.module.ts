import { Module } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DynamoDbModule } from '../dynamodb/dynamodb.module.js';
import { DynamoTurnQuotaRepository } from './dynamo-turn-quota.repository.js';
import { TurnQuota } from './turn-quota.js';

/** Import this module to limit the turns that a user begins. */
@Module({
  imports: [DynamoDbModule],
  providers: [Clock, DynamoTurnQuotaRepository, TurnQuota],
  exports: [TurnQuota],
})
export class UsageModule {}
