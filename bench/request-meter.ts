import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { itemBytes, readUnits, writeUnits } from './billing.js';

/** What a stretch of work cost. */
export interface Cost {
  requests: string[];
  writeUnits: number;
  readUnits: number;
}

type Item = Record<string, unknown>;
interface Input {
  TableName: string;
  Key?: Item;
  Item?: Item;
}
interface Output {
  Item?: Item;
  Items?: Item[];
}

/** Counts the requests that a client sends, and what they would be billed. Reads through `observer` do not count. */
export class RequestMeter {
  private cost: Cost = { requests: [], writeUnits: 0, readUnits: 0 };

  constructor(
    client: DynamoDBDocumentClient,
    private readonly observer: DynamoDBDocumentClient,
  ) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const command = (context.commandName ?? '').replace(/Command$/, '');
        const input = args.input as Input;
        const writes = command === 'UpdateItem' || command === 'PutItem' || command === 'Update' || command === 'Put';
        const before = writes ? await this.observe(input) : undefined;
        const result = await next(args);
        const output = result.output as Output;
        this.cost.requests.push(command);
        if (writes) this.cost.writeUnits += writeUnits(before, await this.observe(input));
        else this.cost.readUnits += readUnits(bytesRead(output));
        return result;
      },
      { step: 'initialize', name: 'requestMeter', priority: 'high' },
    );
  }

  /** The cost since the last call. */
  take(): Cost {
    const taken = this.cost;
    this.cost = { requests: [], writeUnits: 0, readUnits: 0 };
    return taken;
  }

  private async observe({ TableName, Key, Item: item }: Input): Promise<Item | undefined> {
    const key = Key ?? { id: item?.['id'], user_id: item?.['user_id'] };
    return (await this.observer.send(new GetCommand({ TableName, Key: key, ConsistentRead: true }))).Item;
  }
}

function bytesRead({ Item: item, Items: items = item ? [item] : [] }: Output): number {
  return items.reduce((sum, one) => sum + itemBytes(one), 0);
}
