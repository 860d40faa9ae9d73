import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { type AgentEvent, AgentProvider } from '../src/chat/agent/agent.js';
import { BUFFERED_LIMITS } from '../src/chat/api/time-limits.js';
import { ChatService } from '../src/chat/service/chat.service.js';
import { type EmbeddedTable, startEmbeddedTable } from '../test/support/embedded-table.js';
import { APPENDED, buildChat, findFirstRefusedTurn, isTooLarge, type OneItemChat, REWRITTEN } from './one-item-chat.js';
import { type Bill, RequestMeter, sumBills } from './request-meter.js';

const TURNS_SHOWN = [1, 10, 100, 1000];
const CONTENTS = { prompt: 'p'.repeat(200), reply: 'a'.repeat(800) };
/** Bounds of a turn's cost. The first turn adds the chat to the index; later turns move its entry. */
const WRITES = 3;
const MAX_WRITE_UNITS = 6;
const MAX_FIRST_WRITE_UNITS = 5;

/** Gives one reply, and keeps the bills of the requests before it. */
class MeteredAgent extends AgentProvider {
  readonly memory = { agent: 'metered', ownsUnnamedSessions: true, idleSeconds: 600 };
  /** Bills of the requests that finished before the agent was called. */
  billsBefore: Bill[] = [];

  constructor(private readonly meter: RequestMeter) {
    super();
  }

  async *reply(): AsyncGenerator<AgentEvent> {
    this.billsBefore = this.meter.take();
    yield { type: 'text', text: CONTENTS.reply };
    yield { type: 'end', reason: 'stop' };
  }

  async endSession(): Promise<void> {}

  close(): void {}
}

/** A table whose client is billed. Its observer is not. */
interface MeteredTable extends EmbeddedTable {
  readonly meter: RequestMeter;
}

/** Prints the cost of a turn as a chat grows, for this service and for the alternatives. */
export async function benchTurnCost(): Promise<void> {
  const embedded = await startEmbeddedTable();
  const table: MeteredTable = { ...embedded, meter: new RequestMeter(embedded.client, embedded.table) };

  const { prompt, reply } = CONTENTS;
  console.log(`A turn of ${prompt.length} B and ${reply.length} B, by the billing rules, with the index.\n`);
  await printService(table);
  for (const chat of [REWRITTEN, APPENDED]) await printOneItem(table, chat);
  await embedded.close();
}

async function printService({ environment, client, meter }: MeteredTable): Promise<void> {
  const agent = new MeteredAgent(meter);
  const app = await Test.createTestingModule({ imports: [AppModule.with(environment)] })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(client)
    .overrideProvider(AgentProvider)
    .useValue(agent)
    .compile();
  const service = app.get(ChatService, { strict: false });

  console.log('this service (it reads the newest 100 messages while the agent replies)');
  printHead();
  let chatId: string | undefined;
  for (let number = 1; number <= Math.max(...TURNS_SHOWN); number += 1) {
    const reply = await service.reply(
      'alice',
      { prompt: CONTENTS.prompt, chatId, key: undefined },
      { ...BUFFERED_LIMITS, attributes: {} },
    );
    chatId = reply.chat.id;
    const bills = [...agent.billsBefore, ...meter.take()];
    checkCost(number, agent.billsBefore, bills);
    if (!TURNS_SHOWN.includes(number)) continue;
    const writes = bills.filter(({ writeUnits }) => writeUnits > 0).map(({ writeUnits }) => writeUnits);
    printRow(number, bills, `  begin, complete, release: ${writes.join(' + ')}`);
  }
  await app.close();
  console.log(`Every turn: ${WRITES} writes, one request before the agent is called.\n`);
}

/** @throws Error when a turn costs more than its bounds. */
function checkCost(number: number, before: readonly Bill[], all: readonly Bill[]): void {
  const writes = all.filter(({ writeUnits }) => writeUnits > 0).length;
  const { writeUnits } = sumBills(all);
  const most = number === 1 ? MAX_FIRST_WRITE_UNITS : MAX_WRITE_UNITS;
  if (before.map(({ operation }) => operation).join() !== 'UpdateItem' || writes !== WRITES || writeUnits > most) {
    throw new Error(
      `turn ${number} needed ${before.length} requests before the agent, ${writes} writes, ${writeUnits} WCU`,
    );
  }
}

async function printOneItem({ environment, client, table, meter }: MeteredTable, chat: OneItemChat): Promise<void> {
  const tableName = environment.DYNAMODB_TABLE;
  const limit = findFirstRefusedTurn(chat, CONTENTS);
  console.log(chat.name);
  printHead();
  for (const number of TURNS_SHOWN) {
    // A chat cannot have more turns than fit into the item.
    const before = buildChat(chat.chatId, Math.min(number, limit) - 1, CONTENTS);
    if (number > 1) await table.send(new PutCommand({ TableName: tableName, Item: before }));
    try {
      await chat.addTurn({ client, tableName, chat: before, turn: CONTENTS });
      printRow(number, meter.take());
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      meter.take();
      console.log(`${String(number).padStart(4)}   refused from turn ${limit} on: an item has at most 400 KB`);
    }
  }
  console.log();
}

function printHead(): void {
  console.log('turn  requests   WCU   RCU');
}

function printRow(number: number, bills: readonly Bill[], remark = ''): void {
  const { requests, writeUnits, readUnits } = sumBills(bills);
  const cells = [String(number).padStart(4), String(requests).padStart(10), String(writeUnits).padStart(6)];
  console.log(`${cells.join('')}${String(readUnits).padStart(6)}${remark}`);
}
