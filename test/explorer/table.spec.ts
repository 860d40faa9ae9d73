import {
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CHAT_LIST_INDEX } from '../../src/dynamodb/table-schema.js';
import { type EmbeddedTable, startEmbeddedTable } from '../support/embedded-table.js';
import { silenceLogs } from './silence-logs.js';
import { MemoryTable } from './table/memory-table.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';
import type { Schedule } from './workload/schedule.js';
import { TABLE_NAME } from './world/service-parts.js';

const SCHEDULES = 7;
const KEY = { id: 'chat', user_id: 'alice' };

/** A command that the table in memory has run, and its output or its error. */
interface RecordedCall {
  readonly command: object;
  readonly result: object;
}

describe('the table in memory', () => {
  silenceLogs();
  let embedded: EmbeddedTable;
  beforeAll(async () => {
    embedded = await startEmbeddedTable();
  });
  afterAll(() => embedded.close());
  afterEach(async () => {
    const { Items = [] } = await embedded.table.send(new ScanCommand({ TableName: TABLE_NAME }));
    for (const { id, user_id } of Items) {
      await embedded.table.send(new DeleteCommand({ TableName: TABLE_NAME, Key: { id, user_id } }));
    }
  });

  /** Runs the commands on the embedded table, and compares what it answers. */
  async function compare(calls: readonly RecordedCall[]): Promise<void> {
    for (const { command, result } of calls) {
      const send = embedded.table.send.bind(embedded.table) as (sent: object) => Promise<object>;
      const answer = await send(command).catch((error: unknown) => error as Error);
      expect([command.constructor.name, describeResult(result)]).toEqual([
        command.constructor.name,
        describeResult(answer),
      ]);
    }
  }

  it.each(Array.from({ length: SCHEDULES }, (_, index) => index + 1))(
    'answers all calls of schedule %i as the embedded table does',
    async (seed) => {
      const calls: RecordedCall[] = [];
      // The order of a scan is not defined, and the table in memory gives whole items.
      const onCall = (command: object, result: object) =>
        command instanceof ScanCommand || calls.push({ command, result });
      await runSchedule(withoutSimulatedFaults(generateSchedule(seed)), { onCall });
      expect(calls.length).toBeGreaterThan(5);
      await compare(calls);
    },
  );

  it('has the limits of the embedded table', async () => {
    const large = 'x'.repeat(300_000);
    const tooLarge = 'x'.repeat(409_600);
    const put = (item: object) => new PutCommand({ TableName: TABLE_NAME, Item: { ...KEY, ...item } });
    const update = (expression: string, value: unknown) =>
      new UpdateCommand({
        TableName: TABLE_NAME,
        Key: KEY,
        UpdateExpression: expression,
        ExpressionAttributeValues: { ':v': value },
        ReturnValues: 'ALL_NEW',
      });
    const batch = (keys: readonly string[]) => {
      const requests = keys.map((key) => ({ PutRequest: { Item: { id: 'batch', user_id: key } } }));
      return new BatchWriteCommand({ RequestItems: { [TABLE_NAME]: requests } });
    };
    const query = (extra: object) =>
      new QueryCommand({
        TableName: TABLE_NAME,
        KeyConditionExpression: 'id = :id AND user_id BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':id': 'chat', ':first': 'a', ':last': 'z' },
        ConsistentRead: true,
        ScanIndexForward: false,
        ...extra,
      });
    const index = new QueryCommand({
      TableName: TABLE_NAME,
      IndexName: CHAT_LIST_INDEX,
      KeyConditionExpression: 'user_id = :user',
      ExpressionAttributeValues: { ':user': 'alice' },
      ScanIndexForward: false,
    });
    const commands = [
      new GetCommand({ TableName: TABLE_NAME, Key: KEY, ConsistentRead: true }),
      put({ text: tooLarge }),
      put({ user_id: '' }),
      put({ user_id: 'x'.repeat(1025) }),
      put({ updated_at: 5 }),
      put({ updated_at: '2027', title: 'shown', prompt: 'not shown', deleted_at: undefined }),
      index,
      update('SET title = :v', tooLarge),
      update('SET updated_at = :v', null),
      update('ADD title :v', 1),
      update('ADD places :v', new Set(['a', 'b'])),
      update('DELETE places :v', new Set(['a'])),
      update('DELETE places :v', new Set(['b'])),
      update('ADD n1 :v', 2),
      update('SET n1 = n1 + :v', 1),
      update('SET n1 = n2 + :v', 1),
      update('SET n1 = if_not_exists(n2, :v)', 7),
      ...['b', 'c', 'd', 'e', 'f'].map((user) => put({ user_id: user, text: large })),
      query({}),
      query({ Limit: 2 }),
      query({ Limit: 2, ExclusiveStartKey: { id: 'chat', user_id: 'e' } }),
      query({ Limit: 6, ExclusiveStartKey: { id: 'chat', user_id: 'c' } }),
      batch(['a', 'b']),
      batch(['a', 'a']),
      batch(Array.from({ length: 26 }, (_, number) => String(number))),
    ];
    const table = new MemoryTable();
    await compare(commands.map((command) => ({ command, result: runOn(table, command) })));
  });
});

function runOn(table: MemoryTable, command: object): object {
  try {
    return table.execute(command, { now: 0 });
  } catch (error) {
    return error as Error;
  }
}

/** The embedded table has no slow index, and leaves nothing unprocessed. */
function withoutSimulatedFaults(schedule: Schedule): Schedule {
  const isSimulated = (kind: string) => kind === 'unprocessed' || kind === 'slow index';
  const steps = schedule.steps.map((step) => ({
    ...step,
    faults: Object.fromEntries(Object.entries(step.faults).filter(([, { kind }]) => !isSimulated(kind))),
  }));
  return { ...schedule, steps };
}

/** What the product can see of an output or an error. */
function describeResult(result: object): object {
  if (result instanceof Error) return { error: result.name, isSize: /item size/i.test(result.message) };
  const { Item, Items, Attributes, LastEvaluatedKey } = result as Record<string, unknown>;
  return { Item, Items, Attributes, LastEvaluatedKey };
}
