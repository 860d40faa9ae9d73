import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ITEM_MAX_BYTES, itemBytes } from './billing.js';

/**
 * The ways not taken: a chat as one item with all of its messages inside. Neither makes a prompt durable before the
 * agent is asked, and neither keeps two turns at once apart.
 */
export interface OneItemChat {
  readonly name: string;
  /** A chat of its own. */
  readonly chatId: string;
  /** Adds a turn to a chat that has been stored. */
  addTurn(client: DynamoDBDocumentClient, tableName: string, chat: StoredItem, turn: Contents): Promise<void>;
}

/** What is said in a turn. */
export interface Contents {
  readonly prompt: string;
  readonly answer: string;
}

interface StoredItem {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly messages: readonly object[];
}

/** Read it, add to it, write all of it back. */
export const REWRITTEN: OneItemChat = {
  name: 'rewrite the whole list',
  chatId: '11111111-1111-4111-8111-111111111111',
  async addTurn(client, tableName, { id, user_id }, turn) {
    const read = await client.send(
      new GetCommand({ TableName: tableName, Key: { id, user_id }, ConsistentRead: true }),
    );
    const chat = (read.Item ?? chatWith(id, 0, turn)) as StoredItem;
    const item = { ...chat, updated_at: new Date().toISOString(), messages: [...chat.messages, ...messagesOf(turn)] };
    await client.send(new PutCommand({ TableName: tableName, Item: item }));
  },
};

/** Let DynamoDB add to it: one request, billed by the whole item. */
export const APPENDED: OneItemChat = {
  name: 'list_append',
  chatId: '22222222-2222-4222-8222-222222222222',
  async addTurn(client, tableName, { id, user_id, title, created_at }, turn) {
    await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { id, user_id },
        UpdateExpression:
          'SET messages = list_append(if_not_exists(messages, :none), :turn), updated_at = :now, ' +
          'title = if_not_exists(title, :title), created_at = if_not_exists(created_at, :created)',
        ExpressionAttributeValues: {
          ':none': [],
          ':turn': messagesOf(turn),
          ':now': new Date().toISOString(),
          ':title': title,
          ':created': created_at,
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
  },
};

/** A chat as it stands after so many turns. */
export function chatWith(id: string, turns: number, turn: Contents): StoredItem {
  const at = '2024-05-01T10:00:00.123Z';
  const messages = Array.from({ length: turns }, () => messagesOf(turn)).flat();
  return { id, user_id: 'alice', title: `${turn.prompt.slice(0, 59)}…`, created_at: at, updated_at: at, messages };
}

/** The first turn that does not fit into the item any more. */
export function firstRefusedTurn({ chatId }: OneItemChat, turn: Contents): number {
  let turns = 1;
  while (itemBytes({ ...chatWith(chatId, turns, turn) }) <= ITEM_MAX_BYTES) turns += 1;
  return turns;
}

function messagesOf({ prompt, answer }: Contents): object[] {
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: answer },
  ];
}

/** Whether a write was refused because its item would grow too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof DynamoDBServiceException && /item size/i.test(error.message);
}
