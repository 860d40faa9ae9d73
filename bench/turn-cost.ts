import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { type AgentEvent, AgentProvider } from '../src/chat/agent/agent.js';
import { BUFFERED_LIMITS } from '../src/chat/api/time-limits.js';
import { ChatService } from '../src/chat/service/chat.service.js';
import { Environment } from '../src/config/environment.js';
import { type EmbeddedTable, startEmbeddedTable } from '../test/support/embedded-table.js';
import { APPENDED, buildChat, findFirstRefusedTurn, isTooLarge, type OneItemChat, REWRITTEN } from './one-item-chat.js';
import { type Bill, RequestMeter, sumBills } from './request-meter.js';

const TURNS_SHOWN = [1, 10, 100, 1000];
const CONTENTS = { prompt: 'p'.repeat(200), reply: 'a'.repeat(800) };

/** A kind of turn, and the bounds of its cost. */
interface TurnKind {
  readonly title: string;
  readonly turnsShown: readonly number[];
  readonly variables: Partial<Environment>;
  /** Writes in the order of their start. The last two run at the same time. */
  readonly writes: string;
  readonly requestsBefore: number;
  readonly maxWriteUnits: number;
}

/** The first turn adds the chat to the index; later turns move its entry, which costs one unit more. */
const UNLIMITED: TurnKind = {
  title: 'this service (it reads the newest 100 messages while the agent replies)',
  turnsShown: TURNS_SHOWN,
  variables: {},
  writes: 'begin, complete, release',
  requestsBefore: 1,
  maxWriteUnits: 6,
};
/** A minute has room for 20 turns. */
const LIMITED: TurnKind = {
  title: 'this service with the default limits of a user',
  turnsShown: [1, 10, 20],
  variables: { TURNS_PER_MINUTE: 20, TURNS_AT_ONCE: 5 },
  writes: 'take place, begin, free place, complete, release',
  requestsBefore: 2,
  maxWriteUnits: 8,
};

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
  for (const kind of [UNLIMITED, LIMITED]) await printService(table, kind);
  for (const chat of [REWRITTEN, APPENDED]) await printOneItem(table, chat);
  await embedded.close();
}

async function printService({ environment, client, meter }: MeteredTable, kind: TurnKind): Promise<void> {
  const agent = new MeteredAgent(meter);
  const ownEnvironment = Object.assign(new Environment(), environment, kind.variables);
  const app = await Test.createTestingModule({ imports: [AppModule.with(ownEnvironment)] })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(client)
    .overrideProvider(AgentProvider)
    .useValue(agent)
    .compile();
  const service = app.get(ChatService, { strict: false });

  console.log(kind.title);
  printHead();
  let chatId: string | undefined;
  for (let number = 1; number <= Math.max(...kind.turnsShown); number += 1) {
    const reply = await service.reply(
      'alice',
      { prompt: CONTENTS.prompt, chatId, key: undefined },
      { ...BUFFERED_LIMITS, attributes: {} },
    );
    chatId = reply.chat.id;
    const bills = [...agent.billsBefore, ...meter.take()];
    checkCost(kind, { number, before: agent.billsBefore.length, bills });
    if (!kind.turnsShown.includes(number)) continue;
    const writes = bills.filter(({ writeUnits }) => writeUnits > 0).map(({ writeUnits }) => writeUnits);
    printRow(number, bills, `  ${kind.writes}: ${writes.join(' + ')}`);
  }
  await app.close();
  console.log(`Every turn: ${kind.writes}; requests before the agent is called: ${kind.requestsBefore}.\n`);
}

/** @throws Error when a turn costs more than its bounds. */
function checkCost(
  { writes, requestsBefore, maxWriteUnits }: TurnKind,
  { number, before, bills }: { readonly number: number; readonly before: number; readonly bills: readonly Bill[] },
): void {
  const count = bills.filter((bill) => bill.writeUnits > 0).length;
  const { writeUnits } = sumBills(bills);
  const most = number === 1 ? maxWriteUnits - 1 : maxWriteUnits;
  if (before !== requestsBefore || count !== writes.split(',').length || writeUnits > most) {
    throw new Error(`turn ${number} needed ${before} requests before the agent, ${count} writes, ${writeUnits} WCU`);
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
