import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TableSettings } from '../config/settings.js';
import { createDocumentClient, createDynamoDbClient } from './dynamodb.client.js';
import { DynamoTable } from './dynamo-table.js';

/** Provides the table, and closes its client with the app. */
@Module({
  providers: [
    Clock,
    { provide: DynamoDBClient, useFactory: createDynamoDbClient, inject: [TableSettings] },
    { provide: DynamoDBDocumentClient, useFactory: createDocumentClient, inject: [DynamoDBClient] },
    DynamoTable,
  ],
  exports: [Clock, DynamoTable],
})
export class DynamoDbModule implements OnApplicationShutdown {
  constructor(private readonly client: DynamoDBClient) {}

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
