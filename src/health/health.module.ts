import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { Clock } from '../common/clock.js';
import { DynamoDbModule } from '../dynamodb/dynamodb.module.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.service.js';
import { ReadinessTimes } from './readiness-times.js';

/** The probes of load balancers and orchestrators. */
@Module({
  imports: [AuthModule, DynamoDbModule],
  controllers: [HealthController],
  providers: [Clock, ReadinessService, ReadinessTimes],
})
export class HealthModule {}
