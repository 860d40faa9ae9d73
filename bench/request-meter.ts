import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { itemBytes, readUnits, writeUnits } from './billing.js';

/** The bill of one request, in units of on-demand tables. */
export interface Bill {
  /** Its name in the API, such as `UpdateItem`. */
  readonly operation: string;
  readonly writeUnits: number;
  readonly readUnits: number;
}

type Item = Record<string, unknown>;
interface Input {
  TableName: string;
  Key?: Item;
  Item?: Item;
  ConsistentRead?: boolean;
}
interface Output {
  Item?: Item;
  Items?: Item[];
  Responses?: Readonly<Record<string, Item[]>>;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  BatchGet: 'BatchGetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Query: 'Query',
};
const WRITES = new Set(['PutItem', 'UpdateItem']);

/** Bills the requests of a client after their responses. Reads through `observer` do not count. */
export class RequestMeter {
  private readonly bills: Bill[] = [];

  constructor(
    client: DynamoDBDocumentClient,
    private readonly observer: DynamoDBDocumentClient,
  ) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const name = (context.commandName ?? '').replace(/Command$/, '');
        const operation = OPERATIONS[name] ?? name;
        const input = args.input as Input;
        const isWrite = WRITES.has(operation);
        const before = isWrite ? await this.observe(input) : undefined;
        const result = await next(args);
        this.bills.push({
          operation,
          writeUnits: isWrite ? writeUnits(before, await this.observe(input)) : 0,
          readUnits: isWrite ? 0 : countReadUnits(result.output as Output) * (input.ConsistentRead ? 1 : 0.5),
        });
        return result;
      },
      { step: 'initialize', name: 'requestMeter', priority: 'high' },
    );
  }

  /** Returns the bills since the last call, in the order of the responses. */
  take(): Bill[] {
    return this.bills.splice(0);
  }

  private async observe({ TableName, Key, Item: item }: Input): Promise<Item | undefined> {
    const key = Key ?? { id: item?.['id'], user_id: item?.['user_id'] };
    return (await this.observer.send(new GetCommand({ TableName, Key: key, ConsistentRead: true }))).Item;
  }
}

/** Sums the units of some requests. */
export function sumBills(bills: readonly Bill[]): { requests: number; writeUnits: number; readUnits: number } {
  const sum = (unit: 'writeUnits' | 'readUnits') => bills.reduce((total, bill) => total + bill[unit], 0);
  return { requests: bills.length, writeUnits: sum('writeUnits'), readUnits: sum('readUnits') };
}

/** A query counts the bytes of its items together, a batch counts each item. */
function countReadUnits({ Item: item, Items: items = item ? [item] : [], Responses: batches }: Output): number {
  if (!batches) return readUnits(items.reduce((sum, one) => sum + itemBytes(one), 0));
  const found = Object.values(batches).flat();
  return found.reduce((sum, one) => sum + readUnits(itemBytes(one)), 0);
}
