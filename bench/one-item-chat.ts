import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ITEM_MAX_BYTES, itemBytes } from './billing.js';

/**
 * Alternatives to this service's storage: a chat is one item that holds all its messages.
 * They do not store the prompt before they call the agent, and do not separate concurrent turns.
 */
export interface OneItemChat {
  readonly name: string;
  /** The id of its chat. */
  readonly chatId: string;
  addTurn(request: AddTurn): Promise<void>;
}

/** Adds a turn to a chat that is stored. */
interface AddTurn {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly chat: StoredItem;
  readonly turn: Contents;
}

/** The texts of a turn. */
export interface Contents {
  readonly prompt: string;
  readonly reply: string;
}

interface StoredItem {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly messages: readonly object[];
}

/** Reads the item, adds the turn, and writes the whole item. */
export const REWRITTEN: OneItemChat = {
  name: 'rewrite the whole list',
  chatId: '11111111-1111-4111-8111-111111111111',
  async addTurn({ client, tableName, chat: { id, user_id }, turn }) {
    const read = await client.send(
      new GetCommand({ TableName: tableName, Key: { id, user_id }, ConsistentRead: true }),
    );
    const chat = (read.Item ?? buildChat(id, 0, turn)) as StoredItem;
    const item = { ...chat, updated_at: new Date().toISOString(), messages: [...chat.messages, ...toMessages(turn)] };
    await client.send(new PutCommand({ TableName: tableName, Item: item }));
  },
};

/** Lets DynamoDB append the turn: one request, which is billed by the whole item. */
export const APPENDED: OneItemChat = {
  name: 'list_append',
  chatId: '22222222-2222-4222-8222-222222222222',
  async addTurn({ client, tableName, chat: { id, user_id, title, created_at }, turn }) {
    await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { id, user_id },
        UpdateExpression:
          'SET messages = list_append(if_not_exists(messages, :none), :turn), updated_at = :now, ' +
          'title = if_not_exists(title, :title), created_at = if_not_exists(created_at, :created)',
        ExpressionAttributeValues: {
          ':none': [],
          ':turn': toMessages(turn),
          ':now': new Date().toISOString(),
          ':title': title,
          ':created': created_at,
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
  },
};

/** Builds a chat with this many turns. */
export function buildChat(id: string, turns: number, turn: Contents): StoredItem {
  const at = '2024-05-01T10:00:00.123Z';
  const messages = Array.from({ length: turns }, () => toMessages(turn)).flat();
  return { id, user_id: 'alice', title: `${turn.prompt.slice(0, 59)}…`, created_at: at, updated_at: at, messages };
}

/** Finds the first turn that does not fit into the item. */
export function findFirstRefusedTurn({ chatId }: OneItemChat, turn: Contents): number {
  let turns = 1;
  while (itemBytes({ ...buildChat(chatId, turns, turn) }) <= ITEM_MAX_BYTES) turns += 1;
  return turns;
}

function toMessages({ prompt, reply }: Contents): object[] {
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: reply },
  ];
}

/** Whether DynamoDB refused a write because the item would be too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof DynamoDBServiceException && /item size/i.test(error.message);
}
