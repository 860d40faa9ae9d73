import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import type { Environment } from '../../src/config/environment.js';

interface StoredKey {
  readonly id: string;
  readonly user_id: string;
}

type StoredItem = Record<string, unknown> & StoredKey;

/** Direct access to the table, past the service. */
export interface TableView {
  readonly table: DynamoDBDocumentClient;
  readonly environment: Environment;
}

/** All items of a chat, of every user, in the order of their sort keys. */
export async function readItems({ table, environment }: TableView, chatId: string): Promise<StoredItem[]> {
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

/** The items of a chat that hold more than a tombstone does. */
export async function readRemains(view: TableView, chatId: string): Promise<StoredItem[]> {
  const tombstone = ['deleted_at', 'expires_at', 'id', 'user_id'].join();
  return (await readItems(view, chatId)).filter((item) => Object.keys(item).toSorted().join() !== tombstone);
}

/** The head of a user's chat. */
export async function readHead(
  { table, environment }: TableView,
  chatId: string,
  user = 'alice',
): Promise<StoredItem | undefined> {
  const Key = { id: chatId, user_id: user };
  const command = new GetCommand({ TableName: environment.DYNAMODB_TABLE, Key, ConsistentRead: true });
  return (await table.send(command)).Item as StoredItem | undefined;
}

/** The heads of all chats of a user. */
export async function readHeads({ table, environment }: TableView, user: string): Promise<StoredItem[]> {
  const { Items: items = [] } = await table.send(new ScanCommand({ TableName: environment.DYNAMODB_TABLE }));
  return (items as StoredItem[]).filter((item) => item.user_id === user && 'updated_at' in item);
}

/** Waits until no turn holds alice's chat; a cancelled attempt is ended in the background. @returns its head. */
export async function waitForRelease(view: TableView, chatId: string): Promise<StoredItem> {
  for (let wait = 0; wait < 200; wait += 1) {
    const head = await readHead(view, chatId);
    if (head && !('open' in head)) return head;
    await sleep(20);
  }
  throw new Error(`A turn still holds ${chatId}`);
}

export async function putItem({ table, environment }: TableView, item: StoredItem): Promise<void> {
  await table.send(new PutCommand({ TableName: environment.DYNAMODB_TABLE, Item: item }));
}

/** Removes an item, as DynamoDB does with expired items. */
export async function removeItem({ table, environment }: TableView, { id, user_id }: StoredKey): Promise<void> {
  await table.send(new DeleteCommand({ TableName: environment.DYNAMODB_TABLE, Key: { id, user_id } }));
}

/** Removes all items. */
export async function emptyTable(view: TableView): Promise<void> {
  const scan = new ScanCommand({ TableName: view.environment.DYNAMODB_TABLE, ProjectionExpression: 'id, user_id' });
  for (;;) {
    const { Items: items = [] } = await view.table.send(scan);
    if (items.length === 0) return;
    await Promise.all(items.map((item) => removeItem(view, item as StoredKey)));
  }
}

/** Sets one attribute of an item; `path` may lead into a map, as in `session.at`. */
export async function setAttribute(
  { table, environment }: TableView,
  key: StoredKey,
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

/** Sets attributes on the head of alice's chat. */
export async function setOnHead(view: TableView, chatId: string, values: Record<string, unknown>): Promise<void> {
  const key = { id: chatId, user_id: 'alice' };
  for (const [path, value] of Object.entries(values)) await setAttribute(view, key, path, value);
}

/** Replaces the head of alice's chat, as the original system does. */
export async function resetHead(view: TableView, chatId: string): Promise<void> {
  const messages = [{ role: 'user', content: 'zero' }];
  await putItem(view, { id: chatId, user_id: 'alice', title: 'one', messages });
}

const LEFT_TURN = {
  prompt: 'left',
  answer: 're left',
  status: 'done',
  lease: 'left',
  at: new Date(0).toISOString(),
  done_at: new Date(0).toISOString(),
};

/** Puts a turn at a number of alice's chat that no turn of the chat has got. */
export async function leaveTurn(view: TableView, chatId: string, number: number, attributes = {}): Promise<void> {
  await putItem(view, { ...LEFT_TURN, ...attributes, id: chatId, user_id: turnSortKey('alice', number) });
}

/** A chat as the original system wrote it: one item with all messages, and times without a zone. */
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
