import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Environment } from '../../src/config/environment.js';

type StoredItem = Record<string, unknown> & { id: string; user_id: string };

/** A table to look into behind the app's back. */
export interface TableView {
  readonly table: DynamoDBDocumentClient;
  readonly environment: Environment;
}

/** All items of a chat, of every user, in the order of their sort keys. */
export async function itemsOf({ table, environment }: TableView, chatId: string): Promise<StoredItem[]> {
  const items: StoredItem[] = [];
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await table.send(
      new QueryCommand({
        TableName: environment.DYNAMODB_TABLE,
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': chatId },
        ConsistentRead: true,
        ExclusiveStartKey: startKey,
      }),
    );
    items.push(...((page.Items ?? []) as StoredItem[]));
    startKey = page.LastEvaluatedKey;
  } while (startKey);
  return items;
}

/** The head of a user's chat. */
export async function headOf(
  { table, environment }: TableView,
  chatId: string,
  user = 'alice',
): Promise<StoredItem | undefined> {
  const Key = { id: chatId, user_id: user };
  const command = new GetCommand({ TableName: environment.DYNAMODB_TABLE, Key, ConsistentRead: true });
  return (await table.send(command)).Item as StoredItem | undefined;
}

/** The heads of all chats of a user. */
export async function headsOf({ table, environment }: TableView, user: string): Promise<StoredItem[]> {
  const { Items: items = [] } = await table.send(new ScanCommand({ TableName: environment.DYNAMODB_TABLE }));
  return (items as StoredItem[]).filter((item) => item.user_id === user && 'updated_at' in item);
}

export async function putItem({ table, environment }: TableView, item: StoredItem): Promise<void> {
  await table.send(new PutCommand({ TableName: environment.DYNAMODB_TABLE, Item: item }));
}

/** Sets one attribute of an item by hand; `path` may lead into a map, as in `session.at`. */
export async function setAttribute(
  { table, environment }: TableView,
  key: { id: string; user_id: string },
  path: string,
  value: unknown,
): Promise<void> {
  const names = path.split('.').map((name, index) => [`#n${index}`, name] as const);
  await table.send(
    new UpdateCommand({
      TableName: environment.DYNAMODB_TABLE,
      Key: { id: key.id, user_id: key.user_id },
      UpdateExpression: `SET ${names.map(([alias]) => alias).join('.')} = :value`,
      ExpressionAttributeNames: Object.fromEntries(names),
      ExpressionAttributeValues: { ':value': value },
    }),
  );
}

/** A chat as the original system wrote it: one item, its messages inside, times without a zone. */
export function originalChat(id: string, messages: readonly object[]): StoredItem {
  return {
    id,
    user_id: 'alice',
    title: 'An old chat',
    created_at: '2024-05-01T10:00:00.123456',
    updated_at: '2024-05-01T10:05:00.654321',
    messages,
  };
}
