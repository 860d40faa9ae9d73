import {
  type AttributeDefinition,
  type CreateGlobalSecondaryIndexAction,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type GlobalSecondaryIndexDescription,
  type KeySchemaElement,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTableCommand,
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
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, ...INDEX_ATTRIBUTES],
    KeySchema: KEYS,
    GlobalSecondaryIndexes: [INDEX],
  };
}

const KEYS: KeySchemaElement[] = [
  { AttributeName: 'id', KeyType: 'HASH' },
  { AttributeName: 'user_id', KeyType: 'RANGE' },
];
const INDEX_ATTRIBUTES: AttributeDefinition[] = [
  { AttributeName: 'user_id', AttributeType: 'S' },
  { AttributeName: 'updated_at', AttributeType: 'S' },
];
const INDEX_KEYS: KeySchemaElement[] = [
  { AttributeName: 'user_id', KeyType: 'HASH' },
  { AttributeName: 'updated_at', KeyType: 'RANGE' },
];
const PROJECTED = ['title', 'created_at', 'deleted_at', TIME_TO_LIVE_ATTRIBUTE];
const INDEX: CreateGlobalSecondaryIndexAction = {
  IndexName: CHAT_LIST_INDEX,
  KeySchema: INDEX_KEYS,
  Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: PROJECTED },
};

/** What {@link ensureChatTable} has found or done. `index building`: lists of chats fail until DynamoDB has filled it. */
export type TableState = 'created' | 'exists' | 'index building';

/** A table of this name exists, but its keys or its index differ. */
export class TableMismatchError extends Error {
  override readonly name = 'TableMismatchError';
}

/**
 * Creates the table if it is missing, waits until it is active, checks its keys, and enables its expiry. A table of the
 * original system gets the index; it stays in use while DynamoDB fills the index. All of it can be repeated at any time.
 *
 * @param options.timeToLive - false for a server without Time to Live, such as the embedded one.
 * @throws TableMismatchError, and what the SDK throws. The callers are tools that print it.
 */
export async function ensureChatTable(
  client: DynamoDBClient,
  tableName: string,
  { timeToLive = true }: { timeToLive?: boolean } = {},
): Promise<TableState> {
  const exists = (await describeTable(client, tableName)) !== undefined;
  if (!exists) await client.send(new CreateTableCommand(buildTableSchema(tableName)));
  await waitUntilTableExists({ client, maxWaitTime: CREATION_SECONDS, minDelay: 1 }, { TableName: tableName });
  const table = await describeTable(client, tableName);
  checkSchema(table);
  if (timeToLive) await ensureTimeToLive(client, tableName);
  const isReady = await ensureIndex(client, tableName, table);
  if (!isReady) return 'index building';
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

function checkSchema(table: TableDescription | undefined): void {
  const index = findIndex(table);
  if (formatKeys(table?.KeySchema) !== formatKeys(KEYS)) {
    throw new TableMismatchError(`its keys are not ${formatKeys(KEYS)}`);
  }
  if (index && formatKeys(index.KeySchema) !== formatKeys(INDEX_KEYS)) {
    throw new TableMismatchError(`the keys of its index ${CHAT_LIST_INDEX} are not ${formatKeys(INDEX_KEYS)}`);
  }
  const { ProjectionType: type, NonKeyAttributes: projected = [] } = index?.Projection ?? {};
  const missing = type === 'ALL' ? [] : PROJECTED.filter((name) => !projected.includes(name));
  if (index && missing.length > 0) {
    throw new TableMismatchError(`its index ${CHAT_LIST_INDEX} is without ${missing.join(', ')}`);
  }
}

function findIndex(table: TableDescription | undefined): GlobalSecondaryIndexDescription | undefined {
  return table?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === CHAT_LIST_INDEX);
}

/** Adds the index if it is missing. @returns whether it is ready to be read. */
async function ensureIndex(
  client: DynamoDBClient,
  tableName: string,
  table: TableDescription | undefined,
): Promise<boolean> {
  const index = findIndex(table);
  if (index) return index.IndexStatus === 'ACTIVE' || index.IndexStatus === 'UPDATING';
  const { ReadCapacityUnits = 0, WriteCapacityUnits = 0 } = table?.ProvisionedThroughput ?? {};
  const isProvisioned = table?.BillingModeSummary?.BillingMode !== 'PAY_PER_REQUEST';
  // An index of a table with provisioned capacity needs its own.
  const throughput = isProvisioned && { ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits } };
  await client.send(
    new UpdateTableCommand({
      TableName: tableName,
      AttributeDefinitions: INDEX_ATTRIBUTES,
      GlobalSecondaryIndexUpdates: [{ Create: { ...INDEX, ...throughput } }],
    }),
  );
  return false;
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
