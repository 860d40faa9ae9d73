import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TableSettings } from '../config/settings.js';
import { REPEAT_PAUSES } from '../config/waits.js';
import { IndexUnavailableError, StorageUnavailableError } from '../common/storage.errors.js';
import { findStorageFault } from './storage-fault.js';
import { CHAT_LIST_INDEX } from './table-schema.js';
import type { Condition } from './update-expression.js';

/** An item would be larger than 400 KB, the limit of DynamoDB. */
export class ItemTooLargeError extends Error {
  override readonly name = 'ItemTooLargeError';
}

/** Most items that one request of a growing query looks at. */
const QUERY_MAX_ITEMS = 1_000;
/** Most items of a BatchGetItem call. */
const READ_BATCH_SIZE = 100;
/** Most items of a BatchWriteItem call. */
const BATCH_SIZE = 25;
const BATCH_ATTEMPTS = 5;
const BATCH_PAUSE_MILLISECONDS = 50;

/** A partition takes 1,000 write units of 1 KB a second. */
const PARTITION_BYTES_PER_MILLISECOND = 1_024;

export type Item = Readonly<Record<string, unknown>>;
export interface ItemKey {
  readonly id: string;
  readonly user_id: string;
}

type QueryInput = Omit<QueryCommandInput, 'TableName'> & { readonly Limit: number };
/** No id of a chat or a user has a `#`. */
const NO_ITEM: ItemKey = { id: 'probe#', user_id: 'probe#' };

export type UpdateInput = Omit<UpdateCommandInput, 'TableName'>;

/** The result of an update. */
export interface UpdateResult {
  /** The item as written; undefined if the condition failed. */
  readonly item: Item | undefined;
  /** How often an update was sent whose condition failed. After more than one, another may still arrive later. */
  readonly sends: number;
}

/** What a batch of keys has found. */
export interface BatchRead {
  readonly items: readonly Item[];
  /** Keys that DynamoDB had no capacity for. */
  readonly left: readonly ItemKey[];
}

/** The items of one chat from the sort key `first` to `last`, both included. */
export interface ItemRange {
  readonly id: string;
  readonly first: string;
  readonly last: string;
  /** Most items of a request. DynamoDB also stops at 1 MB. */
  readonly pageSize: number;
  /** How many times as many items each further request has, for callers that skip items. The default is 1. */
  readonly growth?: number;
}

/** The chats of a user in the index. */
export interface UserRange {
  readonly userId: string;
  /** Only chats behind this place, which need not have a chat any more. */
  readonly after?: { readonly id: string; readonly updatedAt: string } | undefined;
  /** Most items of the first request. */
  readonly pageSize: number;
}

/**
 * The table. Reads are strongly consistent, except reads of the index and those that say so. A failed condition is a
 * result, not an error. A ValidationException is a bug of ours. It is thrown unchanged, unless the item is too large or
 * the index is missing.
 *
 * Every other failure is a StorageUnavailableError with the SDK's error as its cause. Examples are no connection, a
 * timeout, no such table, no access, and throttling.
 */
@Injectable()
export class DynamoTable implements OnApplicationShutdown {
  private readonly name: string;
  private isClosed = false;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    settings: TableSettings,
    private readonly clock: Clock = new Clock(),
  ) {
    this.name = settings.name;
  }

  /** Repeats no call any more. */
  onApplicationShutdown(): void {
    this.isClosed = true;
  }

  async get(key: ItemKey, abortSignal?: AbortSignal): Promise<Item | undefined> {
    const command = new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true });
    return (await getResult(this.client.send(command, { ...(abortSignal && { abortSignal }) })))?.Item;
  }

  /** Gets an item as it is, or as it was shortly before. That costs half as much as {@link get}. */
  async getEventually(key: ItemKey): Promise<Item | undefined> {
    return (await getResult(this.client.send(new GetCommand({ TableName: this.name, Key: key }))))?.Item;
  }

  /**
   * Gets one attribute of many items, and their keys, as they are or were shortly before. What DynamoDB has no capacity for
   * is not asked for again.
   *
   * @param keys - no key twice.
   */
  async getMany(keys: readonly ItemKey[], attribute: string): Promise<BatchRead> {
    const items: Item[] = [];
    const left: ItemKey[] = [];
    for (let start = 0; start < keys.length; start += READ_BATCH_SIZE) {
      const request = {
        Keys: keys.slice(start, start + READ_BATCH_SIZE).map(({ id, user_id }) => ({ id, user_id })),
        ProjectionExpression: 'id, user_id, #attribute',
        ExpressionAttributeNames: { '#attribute': attribute },
      };
      const command = new BatchGetCommand({ RequestItems: { [this.name]: request } });
      const page = await getResult(this.client.send(command));
      items.push(...(page?.Responses?.[this.name] ?? []));
      left.push(...((page?.UnprocessedKeys?.[this.name]?.Keys ?? []) as ItemKey[]));
    }
    return { items, left };
  }

  /**
   * Reads a key that no item has, to learn whether the table can be read.
   *
   * @param abortSignal - ends the call as if the table could not be reached.
   */
  async probe(abortSignal?: AbortSignal): Promise<void> {
    await this.get(NO_ITEM, abortSignal);
  }

  /** @returns the item as written, or undefined if the condition failed. */
  async update(input: UpdateInput): Promise<Item | undefined> {
    return (await this.tryUpdate(input)).item;
  }

  /** Like {@link update}, and counts how often an update was sent whose condition failed. */
  async tryUpdate(input: UpdateInput): Promise<UpdateResult> {
    let sends = 1;
    const command = new UpdateCommand({ TableName: this.name, ReturnValues: 'ALL_NEW', ...input });
    const call = this.client.send(command).catch((error: unknown) => {
      if (error instanceof ConditionalCheckFailedException) sends = error.$metadata.attempts ?? 1;
      throw error;
    });
    return { item: (await getResult(call))?.Attributes, sends };
  }

  /** @returns whether the condition held and the item was written. */
  async put(item: Item, { expression, names, values }: Condition): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.name,
      Item: item,
      ConditionExpression: expression,
      ...(names && { ExpressionAttributeNames: names }),
      ...(values && { ExpressionAttributeValues: values }),
    });
    return (await getResult(this.client.send(command))) !== undefined;
  }

  /**
   * Repeats a call while the table is unavailable, with growing pauses. The SDK varies its own pauses inside a call, so
   * many callers do not call in step.
   *
   * @param until - epoch milliseconds. After this time the call is not repeated. It is made once in any case.
   */
  async repeat<T>(until: number, call: () => Promise<T>): Promise<T> {
    for (let pause = REPEAT_PAUSES.first; ; pause = Math.min(2 * pause, REPEAT_PAUSES.longest)) {
      try {
        return await call();
      } catch (error) {
        const left = until - this.clock.now();
        if (!(error instanceof StorageUnavailableError) || !error.mayPass || left <= 0 || this.isClosed) throw error;
        await this.clock.sleep(Math.min(pause, left));
      }
    }
  }

  /** Waits as long as a partition needs for a write of so many bytes. */
  async pace(bytes: number): Promise<void> {
    await this.clock.sleep(bytes / PARTITION_BYTES_PER_MILLISECOND);
  }

  /** Yields the items of a range, greatest sort key first. Pages are read on demand. */
  async *backwards({ id, first, last, pageSize, growth }: ItemRange): AsyncGenerator<Item> {
    const input = {
      KeyConditionExpression: 'id = :id AND user_id BETWEEN :first AND :last',
      ExpressionAttributeValues: { ':id': id, ':first': first, ':last': last },
      ConsistentRead: true,
      Limit: pageSize,
    };
    yield* this.query(input, growth);
  }

  /**
   * Yields what the index has of a user's chats, greatest `updated_at` first. The index follows the table within about
   * a second. Pages are read on demand and double in size, for callers that skip many items.
   */
  async *listByUser({ userId, after, pageSize }: UserRange): AsyncGenerator<Item> {
    const startKey = after && { id: after.id, user_id: userId, updated_at: after.updatedAt };
    const input = {
      IndexName: CHAT_LIST_INDEX,
      KeyConditionExpression: 'user_id = :user',
      ExpressionAttributeValues: { ':user': userId },
      ExclusiveStartKey: startKey,
      Limit: pageSize,
    };
    yield* this.query(input, 2);
  }

  /** Writes items in batches, without conditions, until all are written. */
  async replace(items: readonly Item[]): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH_SIZE) {
      await this.replaceBatch(items.slice(start, start + BATCH_SIZE));
    }
  }

  /** Yields the items of a query in descending order. Each request has the limit of the one before, times `growth`, up to 1,000. */
  private async *query(first: QueryInput, growth = 1): AsyncGenerator<Item> {
    let input = first;
    do {
      const command = new QueryCommand({ ...input, TableName: this.name, ScanIndexForward: false });
      const page = await getResult(this.client.send(command));
      yield* page?.Items ?? [];
      input = {
        ...input,
        ExclusiveStartKey: page?.LastEvaluatedKey,
        Limit: Math.min(input.Limit * growth, QUERY_MAX_ITEMS),
      };
    } while (input.ExclusiveStartKey);
  }

  private async replaceBatch(items: readonly Item[]): Promise<void> {
    let requests: object[] = items.map((item) => ({ PutRequest: { Item: item } }));
    for (let attempt = 1; attempt <= BATCH_ATTEMPTS; attempt += 1) {
      const command = new BatchWriteCommand({ RequestItems: { [this.name]: requests } });
      requests = (await getResult(this.client.send(command)))?.UnprocessedItems?.[this.name] ?? [];
      if (requests.length === 0) return;
      if (attempt < BATCH_ATTEMPTS) await this.clock.sleep(BATCH_PAUSE_MILLISECONDS * 2 ** attempt);
    }
    throw new StorageUnavailableError({ reason: 'it throttles' });
  }
}

/** The result of a call, or undefined if its condition failed. @throws what {@link DynamoTable} throws. */
export async function getResult<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    if (error instanceof DynamoDBServiceException && error.name === 'ValidationException') {
      // DynamoDB names the index if the table has none of that name, or still fills it.
      if (error.message.includes(CHAT_LIST_INDEX)) throw new IndexUnavailableError(CHAT_LIST_INDEX, { cause: error });
      // Only the message tells: "Item size to update has exceeded the maximum allowed size".
      throw /item size/i.test(error.message) ? new ItemTooLargeError('Item too large', { cause: error }) : error;
    }
    const { reason, isLasting = false } = findStorageFault(error);
    throw new StorageUnavailableError({ cause: error, reason, mayPass: !isLasting });
  }
}
