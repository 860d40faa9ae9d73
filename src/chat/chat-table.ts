import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

/** Attribute that DynamoDB's own expiry looks at, in epoch seconds. */
const TIME_TO_LIVE_ATTRIBUTE = 'expires_at';

/** Longest that a new table may take to become active, in seconds. */
const CREATION_SECONDS = 60;

/**
 * The keys of the table and its index, in one place for `npm run table`, local mode and the tests. They can never
 * change: DynamoDB allows it neither for keys nor for an index's projection. `id` is the chat, `user_id` the owner,
 * followed by `#T#` and a number for the items of a turn. The index lists a user's chats, newest first.
 */
function chatTableSchema(tableName: string): CreateTableCommandInput {
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

/**
 * Creates the table unless it is there, waits until it can be used, and turns its expiry on.
 *
 * @param options.timeToLive - false where the server knows no expiry (the embedded one does not).
 * @throws whatever the SDK throws: the callers are tools that print it.
 */
export async function ensureChatTable(
  client: DynamoDBClient,
  tableName: string,
  { timeToLive = true }: { timeToLive?: boolean } = {},
): Promise<'created' | 'exists'> {
  if (await tableExists(client, tableName)) return 'exists';
  await client.send(new CreateTableCommand(chatTableSchema(tableName)));
  await waitUntilTableExists({ client, maxWaitTime: CREATION_SECONDS, minDelay: 1 }, { TableName: tableName });
  if (timeToLive) {
    const specification = { AttributeName: TIME_TO_LIVE_ATTRIBUTE, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
  }
  return 'created';
}

async function tableExists(client: DynamoDBClient, tableName: string): Promise<boolean> {
  try {
    await client.send(new DescribeTableCommand({ TableName: tableName }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}
