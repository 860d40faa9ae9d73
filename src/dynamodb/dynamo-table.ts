import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { StorageUnavailableError } from './dynamodb.errors.js';

/** An item would be larger than DynamoDB takes: 400 KB. */
export class ItemTooLargeError extends Error {
  override readonly name = 'ItemTooLargeError';
}

/** Items that DynamoDB takes in one batch. */
const BATCH_SIZE = 25;
const BATCH_ATTEMPTS = 5;
const BATCH_PAUSE_MILLISECONDS = 50;

export type Item = Readonly<Record<string, unknown>>;
export interface ItemKey {
  readonly id: string;
  readonly user_id: string;
}

export type UpdateInput = Omit<UpdateCommandInput, 'TableName'>;

/** How an update went. */
export interface UpdateResult {
  /** As written; undefined when the condition refused. */
  readonly item: Item | undefined;
  /** How often a refused update was sent. After more than once, one may still be on its way that nobody waits for. */
  readonly sends: number;
}

/** Which items of one chat to look at: from the sort key `first` to `last`, both included, the greatest first. */
export interface ItemRange {
  readonly id: string;
  readonly first: string;
  readonly last: string;
  /** Items for each request; DynamoDB stops at 1 MB whatever this says. */
  readonly pageSize: number;
}

/**
 * The one table, in the few ways in which this service uses it. Reads are strongly consistent. A refused condition is
 * an answer, and no error; what DynamoDB calls an invalid request is a fault of ours and passes as it is, except that
 * an item too large is an ItemTooLargeError.
 *
 * Every method throws StorageUnavailableError, with the SDK's error as its cause, when the table is to blame: no
 * connection, a timeout, no such table, no access, throttling.
 */
@Injectable()
export class DynamoTable {
  private readonly name: string;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    environment: Environment,
  ) {
    this.name = environment.DYNAMODB_TABLE;
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const command = new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true });
    return (await answerOf(this.client.send(command)))?.Item;
  }

  /** @returns the item as written, or undefined when the condition refused. */
  async update(input: UpdateInput): Promise<Item | undefined> {
    return (await this.tryUpdate(input)).item;
  }

  /** An update for whom it matters whether a refusal is the last that is heard of it. */
  async tryUpdate(input: UpdateInput): Promise<UpdateResult> {
    let sends = 1;
    const command = new UpdateCommand({ TableName: this.name, ReturnValues: 'ALL_NEW', ...input });
    const call = this.client.send(command).catch((error: unknown) => {
      if (error instanceof ConditionalCheckFailedException) sends = error.$metadata.attempts ?? 1;
      throw error;
    });
    return { item: (await answerOf(call))?.Attributes, sends };
  }

  /** @returns whether the condition let the item in. */
  async put(item: Item, condition: string, values?: Record<string, unknown>): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.name,
      Item: item,
      ConditionExpression: condition,
      ...(values && { ExpressionAttributeValues: values }),
    });
    return (await answerOf(this.client.send(command))) !== undefined;
  }

  /** The items of a range, the greatest sort key first, read as they are asked for. */
  async *backwards({ id, first, last, pageSize }: ItemRange): AsyncGenerator<Item> {
    let startKey: Record<string, unknown> | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.name,
        KeyConditionExpression: 'id = :id AND user_id BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':id': id, ':first': first, ':last': last },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: pageSize,
        ...(startKey && { ExclusiveStartKey: startKey }),
      });
      const page = await answerOf(this.client.send(command));
      yield* page?.Items ?? [];
      startKey = page?.LastEvaluatedKey;
    } while (startKey);
  }

  /** Puts items in the place of whatever is there, in batches, each until it is done whole. */
  async replace(items: readonly Item[]): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH_SIZE) {
      await this.replaceBatch(items.slice(start, start + BATCH_SIZE));
    }
  }

  private async replaceBatch(items: readonly Item[]): Promise<void> {
    let requests: object[] = items.map((item) => ({ PutRequest: { Item: item } }));
    for (let attempt = 1; attempt <= BATCH_ATTEMPTS; attempt += 1) {
      const command = new BatchWriteCommand({ RequestItems: { [this.name]: requests } });
      requests = (await answerOf(this.client.send(command)))?.UnprocessedItems?.[this.name] ?? [];
      if (requests.length === 0) return;
      if (attempt < BATCH_ATTEMPTS) await sleep(BATCH_PAUSE_MILLISECONDS * 2 ** attempt);
    }
    throw new StorageUnavailableError();
  }
}

/** The answer of a call, or undefined when its condition refused. */
async function answerOf<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    if (error instanceof DynamoDBServiceException && error.name === 'ValidationException') {
      // It has no name of its own: "Item size to update has exceeded the maximum allowed size".
      throw /item size/i.test(error.message) ? new ItemTooLargeError('Item too large', { cause: error }) : error;
    }
    throw new StorageUnavailableError({ cause: error });
  }
}
