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

/** Attribute that DynamoDB's own expiry looks at, in epoch seconds. */
export const TIME_TO_LIVE_ATTRIBUTE = 'expires_at';

/** Longest that a new table may take to become active, in seconds. */
const CREATION_SECONDS = 60;

/**
 * The keys of the table and its index, in one place for `npm run table`, local mode and the tests. They can never
 * change: DynamoDB allows it neither for keys nor for an index's projection. `id` is the chat, `user_id` the owner,
 * followed by `#T#` and a number for the items of a turn. The index lists a user's chats, newest first.
 */
export function chatTableSchema(tableName: string): CreateTableCommandInput {
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
        IndexName: 'user_id-updated_at-index',
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

/** A table is there under the name, but it is not one of chats: its keys or its index are others. */
export class TableMismatchError extends Error {
  override readonly name = 'TableMismatchError';
}

/**
 * Creates the table unless it is there, waits until it can be used, checks that it is one of chats, and turns its
 * expiry on where that has not been done. It can be repeated at any time, also after an interruption.
 *
 * @param options.timeToLive - false where the server knows no expiry (the embedded one does not).
 * @throws TableMismatchError, and whatever the SDK throws: the callers are tools that print it.
 */
export async function ensureChatTable(
  client: DynamoDBClient,
  tableName: string,
  { timeToLive = true }: { timeToLive?: boolean } = {},
): Promise<'created' | 'exists'> {
  const schema = chatTableSchema(tableName);
  const isThere = (await describe(client, tableName)) !== undefined;
  if (!isThere) await client.send(new CreateTableCommand(schema));
  await waitUntilTableExists({ client, maxWaitTime: CREATION_SECONDS, minDelay: 1 }, { TableName: tableName });
  checkSchema(schema, await describe(client, tableName));
  if (timeToLive) await ensureTimeToLive(client, tableName);
  return isThere ? 'exists' : 'created';
}

async function describe(client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
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
  if (keysOf(found?.KeySchema) !== keysOf(wanted.KeySchema)) {
    throw new TableMismatchError(`its keys are not ${keysOf(wanted.KeySchema)}`);
  }
  if (keysOf(foundIndex?.KeySchema) !== keysOf(index?.KeySchema)) {
    throw new TableMismatchError(`it has no index ${index?.IndexName} with the keys ${keysOf(index?.KeySchema)}`);
  }
}

function keysOf(schema: readonly KeySchemaElement[] | undefined): string {
  return (schema ?? []).map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`).join(', ');
}

async function ensureTimeToLive(client: DynamoDBClient, tableName: string): Promise<void> {
  const { TimeToLiveDescription: found } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  if (found?.TimeToLiveStatus === 'ENABLED' || found?.TimeToLiveStatus === 'ENABLING') return;
  const specification = { AttributeName: TIME_TO_LIVE_ATTRIBUTE, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
}
