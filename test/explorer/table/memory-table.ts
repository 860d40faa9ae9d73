import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  GetCommand,
  type GetCommandInput,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Item, ItemKey } from '../../../src/dynamodb/dynamo-table.js';
import { applyUpdate } from './apply-update.js';
import { type Condition, parseCondition } from './condition-parser.js';
import { evaluate, type Placeholders } from './evaluate.js';
import { toItemSize } from './item-size.js';
import { runQuery, type StoredItem } from './query.js';
import { conditionError, validationError } from './table-errors.js';
import { TableIndex } from './table-index.js';

// Service, account and table quotas in Amazon DynamoDB.
const ITEM_MAX_BYTES = 409_600;
const PARTITION_KEY_MAX_BYTES = 2048;
const SORT_KEY_MAX_BYTES = 1024;
const BATCH_MAX_ITEMS = 25;
const EXPRESSION_MAX_BYTES = 4096;

/** A write that was applied. */
export interface AppliedWrite {
  readonly before: Item | undefined;
  readonly after: Item;
}

/** How the table meets one call. */
export interface CallTerms {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds until the index, and reads that are not consistent, see a write. */
  readonly lag?: number | undefined;
  /** How many items of a batch are left unprocessed. */
  readonly unprocessed?: number | undefined;
}

/** Decides whether a condition holds. A mutant of the product decides otherwise. */
export type Judge = (condition: Condition, item: Item | undefined, call: Placeholders, command: object) => boolean;

export interface TableOptions {
  readonly name?: string | undefined;
  readonly onWrite?: ((write: AppliedWrite) => void) | undefined;
  /** Is called with each command, and its output or its error. */
  readonly onCall?: ((command: object, result: object) => void) | undefined;
  /** By default a condition holds if the item meets it. */
  readonly judge?: Judge | undefined;
}

interface Version extends StoredItem {
  /** What a read that is not consistent sees until then. */
  readonly older?: { readonly item: Item | undefined; readonly until: number };
}

/**
 * A table of DynamoDB in memory, as far as the product uses it. It takes the commands of the document client, and
 * answers with their outputs and errors. Items are never changed in place.
 */
export class MemoryTable {
  private readonly partitions = new Map<string, Map<string, Version>>();
  private readonly index = new TableIndex();

  constructor(private readonly options: TableOptions = {}) {}

  /** Runs a command. @throws the errors of the SDK */
  execute(command: object, terms: CallTerms): object {
    const { onCall } = this.options;
    try {
      const output = this.run(command, terms);
      onCall?.(command, output);
      return output;
    } catch (error) {
      onCall?.(command, error as Error);
      throw error;
    }
  }

  private run(command: object, terms: CallTerms): object {
    if (command instanceof GetCommand) return this.get(command.input, terms);
    if (command instanceof PutCommand) return this.put(command, terms);
    if (command instanceof UpdateCommand) return this.update(command, terms);
    if (command instanceof BatchWriteCommand) return this.batchWrite(command.input, terms);
    if (command instanceof ScanCommand) return { Items: this.listIds().flatMap((id) => this.listItems(id)) };
    if (command instanceof QueryCommand) {
      const { input } = command;
      if (input.IndexName !== undefined)
        return runQuery(input, (user) => this.index.list(user, terms.now).map(toSized));
      if (!input.ConsistentRead) throw new Error('Only consistent queries of the table are simulated');
      return runQuery(input, (id) => [...(this.partitions.get(String(id))?.values() ?? [])]);
    }
    throw new Error(`Not simulated: ${command.constructor.name}`);
  }

  /** The items of a chat, in the order of their sort keys. */
  listItems(id: string): Item[] {
    const items = [...(this.partitions.get(id)?.values() ?? [])].map(({ item }) => item);
    return items.toSorted((a, b) => (String(a['user_id']) < String(b['user_id']) ? -1 : 1));
  }

  /** The ids of all partitions. */
  listIds(): string[] {
    return [...this.partitions.keys()];
  }

  find({ id, user_id: sortKey }: ItemKey): Item | undefined {
    return this.partitions.get(id)?.get(sortKey)?.item;
  }

  /** Removes an item as the expiry of DynamoDB does. */
  expire({ id, user_id: sortKey }: ItemKey, { now, lag = 0 }: CallTerms): void {
    const partition = this.partitions.get(id);
    const item = partition?.get(sortKey)?.item;
    if (!item) return;
    partition?.delete(sortKey);
    if (partition?.size === 0) this.partitions.delete(id);
    this.index.follow(item, undefined, now + lag);
    const command = new DeleteCommand({ TableName: this.options.name, Key: { id, user_id: sortKey } });
    this.options.onCall?.(command, {});
  }

  private get({ Key, ConsistentRead }: GetCommandInput, { now }: CallTerms): object {
    const { id, user_id: sortKey } = requireKey(Key);
    const version = this.partitions.get(id)?.get(sortKey);
    const isOlder = !ConsistentRead && version?.older && now < version.older.until;
    const item = isOlder ? version.older?.item : version?.item;
    return item ? { Item: item } : {};
  }

  private put(command: PutCommand, terms: CallTerms): object {
    const { input } = command;
    const item = toStored(input.Item ?? {});
    this.write(command, requireKey(item), input, { terms, change: () => item, limit: 'Item size has exceeded' });
    return {};
  }

  private update(command: UpdateCommand, terms: CallTerms): object {
    const { input } = command;
    const { UpdateExpression: expression = '', ReturnValues } = input;
    checkExpression(expression);
    const key = requireKey(input.Key);
    const change = (before: Item | undefined) => toStored(applyUpdate(expression, before ?? { ...key }, input));
    const after = this.write(command, key, input, { terms, change, limit: 'Item size to update has exceeded' });
    return ReturnValues === 'ALL_NEW' ? { Attributes: after } : {};
  }

  private write(
    command: object,
    { id, user_id: sortKey }: ItemKey,
    call: PutCommandInput | UpdateCommandInput,
    { terms, change, limit }: { terms: CallTerms; change: (before: Item | undefined) => Item; limit: string },
  ): Item {
    const before = this.partitions.get(id)?.get(sortKey)?.item;
    const { ConditionExpression: text } = call;
    if (text !== undefined) {
      checkExpression(text);
      const { judge = evaluate } = this.options;
      if (!judge(parseCondition(text), before, call, command)) throw conditionError();
    }
    const after = change(before);
    const size = toItemSize(after);
    if (size > ITEM_MAX_BYTES) throw validationError(`${limit} the maximum allowed size`);
    this.store({ id, user_id: sortKey }, { item: after, size }, terms);
    return after;
  }

  private batchWrite({ RequestItems }: BatchWriteCommandInput, terms: CallTerms): object {
    const [[name, requests] = ['', []]] = Object.entries(RequestItems ?? {});
    const keys = new Set(requests.map(({ PutRequest }) => JSON.stringify(requireKey(PutRequest?.Item))));
    if (requests.length === 0 || requests.length > BATCH_MAX_ITEMS) throw validationError('Too many items requested');
    if (keys.size < requests.length) throw validationError('Provided list of item keys contains duplicates');
    const left = Math.min(terms.unprocessed ?? 0, requests.length);
    for (const { PutRequest } of requests.slice(left)) {
      const item = toStored(PutRequest?.Item ?? {});
      this.store(requireKey(item), toSized(item), terms);
    }
    return { UnprocessedItems: left > 0 ? { [name]: requests.slice(0, left) } : {} };
  }

  private store({ id, user_id: sortKey }: ItemKey, stored: StoredItem, { now, lag = 0 }: CallTerms): void {
    this.index.check(stored.item);
    const partition = this.partitions.get(id) ?? new Map<string, Version>();
    this.partitions.set(id, partition);
    const before = partition.get(sortKey)?.item;
    partition.set(sortKey, { ...stored, older: { item: before, until: now + lag } });
    this.index.follow(stored.item, stored.item, now + lag);
    this.options.onWrite?.({ before, after: stored.item });
  }
}

function toSized(item: Item): StoredItem {
  return { item, size: toItemSize(item) };
}

function requireKey(item: Item | undefined): ItemKey {
  const { id, user_id: sortKey } = item ?? {};
  if (typeof id !== 'string' || typeof sortKey !== 'string')
    throw validationError('The provided key has no valid type');
  const isValid =
    id !== '' &&
    sortKey !== '' &&
    Buffer.byteLength(id) <= PARTITION_KEY_MAX_BYTES &&
    Buffer.byteLength(sortKey) <= SORT_KEY_MAX_BYTES;
  if (!isValid) throw validationError('One or more parameter values were invalid: size of a key');
  return { id, user_id: sortKey };
}

function checkExpression(text: string): void {
  if (text.length > EXPRESSION_MAX_BYTES)
    throw validationError('Expression size has exceeded the maximum allowed size');
}

/** A copy as the document client sends it: without undefined values. */
function toStored(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
