import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { createDocumentClient, createDynamoDbClient } from './dynamodb.client.js';

/** The DynamoDB client, made once from the configuration and closed with the app. */
@Module({
  providers: [
    { provide: DynamoDBClient, useFactory: createDynamoDbClient, inject: [Environment] },
    { provide: DynamoDBDocumentClient, useFactory: createDocumentClient, inject: [DynamoDBClient] },
  ],
  exports: [DynamoDBDocumentClient],
})
export class DynamoDbModule implements OnApplicationShutdown {
  constructor(private readonly dynamoDb: DynamoDBClient) {}

  onApplicationShutdown(): void {
    this.dynamoDb.destroy();
  }
}
