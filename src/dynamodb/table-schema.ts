import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

/** The attribute that DynamoDB's Time to Live uses, in epoch seconds. */
export const TIME_TO_LIVE_ATTRIBUTE = 'expires_at';

/** The index that lists the chats of a user. */
export const CHAT_LIST_INDEX = 'user_id-updated_at-index';

/** Longest wait for a new table to become active. */
const CREATION_SECONDS = 60;

/**
 * Builds the schema of the table for `npm run table`, local mode and tests. DynamoDB can never change the keys of a table
 * or the projection of an index. `id` is the chat. `user_id` is the owner, followed by `#T#` and a number for items of a
 * turn. The index lists the chats of a user, newest first.
 */
export function buildTableSchema(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'user_id', AttributeType: 'S' },
      { AttributeName: 'updated_at', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'user_id', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: CHAT_LIST_INDEX,
        KeySchema: [
          { AttributeName: 'user_id', KeyType: 'HASH' },
          { AttributeName: 'updated_at', KeyType: 'RANGE' },
        ],
        Projection: {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: ['title', 'created_at', 'deleted_at', TIME_TO_LIVE_ATTRIBUTE],
        },
      },
    ],
  };
}

/** A table of this name exists, but its keys or its index differ. */
export class TableMismatchError extends Error {
  override readonly name = 'TableMismatchError';
}

/**
 * Creates the table if it is missing, waits until it is active, checks its schema, and enables its expiry. It can be
 * repeated at any time, even after an interruption.
 *
 * @param options.timeToLive - false for a server without Time to Live, such as the embedded one.
 * @throws TableMismatchError, and what the SDK throws. The callers are tools that print it.
 */
export async function ensureChatTable(
  client: DynamoDBClient,
  tableName: string,
  { timeToLive = true }: { timeToLive?: boolean } = {},
): Promise<'created' | 'exists'> {
  const schema = buildTableSchema(tableName);
  const exists = (await describeTable(client, tableName)) !== undefined;
  if (!exists) await client.send(new CreateTableCommand(schema));
  await waitUntilTableExists({ client, maxWaitTime: CREATION_SECONDS, minDelay: 1 }, { TableName: tableName });
  checkSchema(schema, await describeTable(client, tableName));
  if (timeToLive) await ensureTimeToLive(client, tableName);
  return exists ? 'exists' : 'created';
}

async function describeTable(client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function checkSchema(wanted: CreateTableCommandInput, found: TableDescription | undefined): void {
  const [index] = wanted.GlobalSecondaryIndexes ?? [];
  const foundIndex = found?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index?.IndexName);
  if (formatKeys(found?.KeySchema) !== formatKeys(wanted.KeySchema)) {
    throw new TableMismatchError(`its keys are not ${formatKeys(wanted.KeySchema)}`);
  }
  if (formatKeys(foundIndex?.KeySchema) !== formatKeys(index?.KeySchema)) {
    throw new TableMismatchError(`it has no index ${index?.IndexName} with the keys ${formatKeys(index?.KeySchema)}`);
  }
}

function formatKeys(schema: readonly KeySchemaElement[] | undefined): string {
  return (schema ?? []).map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`).join(', ');
}

async function ensureTimeToLive(client: DynamoDBClient, tableName: string): Promise<void> {
  const { TimeToLiveDescription: found } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  if (found?.TimeToLiveStatus === 'ENABLED' || found?.TimeToLiveStatus === 'ENABLING') return;
  const specification = { AttributeName: TIME_TO_LIVE_ATTRIBUTE, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
}
