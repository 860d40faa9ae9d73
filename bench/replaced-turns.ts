import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { type AgentEvent, AgentProvider } from '../src/chat/agent/agent.js';
import { BUFFERED_LIMITS } from '../src/chat/api/time-limits.js';
import type { MessagePage } from '../src/chat/model/chat.js';
import { ChatHistoryService } from '../src/chat/service/chat-history.service.js';
import { ChatService } from '../src/chat/service/chat.service.js';
import { startEmbeddedTable } from '../test/support/embedded-table.js';
import { itemBytes } from './billing.js';
import { RequestMeter, sumBills } from './request-meter.js';

const TURNS = 200;
const TURNS_SHOWN = [1, 10, 50, 100, TURNS];
const PAGE_MESSAGES = 100;
const CONTENTS = { prompt: 'p'.repeat(200), reply: 'a'.repeat(800) };
/** Reading a chat whose turns were all regenerated, compared with a chat without. */
const MOST = { requests: 1.5, readUnits: 2.2, headBytes: 1024 };

class SameAgent extends AgentProvider {
  readonly memory = { agent: 'same', ownsUnnamedSessions: true, idleSeconds: 600 };

  async *reply(): AsyncGenerator<AgentEvent> {
    yield { type: 'text', text: CONTENTS.reply };
    yield { type: 'end', reason: 'stop' };
  }

  async endSession(): Promise<void> {}

  close(): void {}
}

/** Prints what a chat costs whose turns were all regenerated once. @throws Error if reading it costs too much. */
export async function benchReplacedTurns(): Promise<void> {
  const embedded = await startEmbeddedTable();
  const { environment, client, table } = embedded;
  const meter = new RequestMeter(client, table);
  const app = await Test.createTestingModule({ imports: [AppModule.with(environment)] })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(client)
    .overrideProvider(AgentProvider)
    .useValue(new SameAgent())
    .compile();
  const service = app.get(ChatService, { strict: false });
  const history = app.get(ChatHistoryService, { strict: false });

  /** Runs a turn. @returns the number of its turn, and its chat. */
  async function ask(chatId?: string, number?: number): Promise<{ chatId: string; number: number }> {
    const replacement = number === undefined ? undefined : ({ kind: 'from', number, role: 'user' } as const);
    const request = { prompt: CONTENTS.prompt, chatId, key: undefined, replacement };
    const { ids } = await service.reply('alice', request, { ...BUFFERED_LIMITS, attributes: {} });
    return { chatId: ids.chat, number: Number(ids.assistant.split(':').at(-1)) };
  }

  async function converse(regenerates: boolean): Promise<string> {
    console.log(`${TURNS} turns${regenerates ? ', each regenerated once' : ''}\n turn  own WCU  regenerated WCU  head`);
    let chatId: string | undefined;
    for (let turn = 1; turn <= TURNS; turn += 1) {
      meter.take();
      const asked = await ask(chatId);
      chatId = asked.chatId;
      const own = sumBills(meter.take()).writeUnits;
      if (regenerates) await ask(chatId, asked.number);
      const again = regenerates ? sumBills(meter.take()).writeUnits : '-';
      const Key = { id: chatId, user_id: 'alice' };
      const command = new GetCommand({ TableName: environment.DYNAMODB_TABLE, Key, ConsistentRead: true });
      const headBytes = itemBytes((await table.send(command)).Item ?? {});
      if (headBytes >= MOST.headBytes) throw new Error(`the head has ${headBytes} B after turn ${turn}`);
      if (!TURNS_SHOWN.includes(turn)) continue;
      const cells = [String(turn).padStart(5), String(own).padStart(9), String(again).padStart(17)];
      console.log(`${cells.join('')}${String(headBytes).padStart(6)} B`);
    }
    return chatId ?? '';
  }

  /** Reads a chat, page by page. @returns the cost. */
  async function readPages(chatId: string): Promise<{ requests: number; readUnits: number }> {
    meter.take();
    let page: MessagePage = await history.get('alice', chatId);
    let messages = page.messages.length;
    while (page.olderThan !== undefined) {
      page = await history.listMessages('alice', chatId, { before: page.olderThan, limit: PAGE_MESSAGES });
      messages += page.messages.length;
    }
    if (messages !== 2 * TURNS) throw new Error(`${messages} messages were read`);
    const { requests, readUnits } = sumBills(meter.take());
    console.log(`pages to the end: ${requests} requests, ${readUnits} RCU\n`);
    return { requests, readUnits };
  }

  const plain = await readPages(await converse(false));
  const replaced = await readPages(await converse(true));
  const times = {
    requests: replaced.requests / plain.requests,
    readUnits: replaced.readUnits / plain.readUnits,
  };
  console.log(`times as many: requests ${times.requests.toFixed(2)}, read units ${times.readUnits.toFixed(2)}`);
  if (times.requests > MOST.requests || times.readUnits > MOST.readUnits) throw new Error('reading costs too much');
  await app.close();
  await embedded.close();
}
