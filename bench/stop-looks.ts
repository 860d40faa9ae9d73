import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { type AgentEvent, AgentProvider } from '../src/chat/agent/agent.js';
import { STREAMED_LIMITS } from '../src/chat/api/time-limits.js';
import { ChatService } from '../src/chat/service/chat.service.js';
import { startEmbeddedTable } from '../test/support/embedded-table.js';
import { type Bill, RequestMeter, sumBills } from './request-meter.js';

const TURN_MILLISECONDS = 20_000;
/** Turns of one process at the same time, whose looks share a request. */
const MANY = 50;

/** An agent whose replies take a while. */
class SlowAgent extends AgentProvider {
  readonly memory = { agent: 'slow', ownsUnnamedSessions: true, idleSeconds: 600 };

  async *reply(): AsyncGenerator<AgentEvent> {
    yield { type: 'text', text: 'word ' };
    await wait(TURN_MILLISECONDS);
    yield { type: 'text', text: 'end' };
    yield { type: 'end', reason: 'stop' };
  }

  async endSession(): Promise<void> {}

  close(): void {}
}

/** Prints what looking for stops adds to turns of 20 s, in read units. */
export async function benchStopLooks(): Promise<void> {
  const embedded = await startEmbeddedTable();
  const meter = new RequestMeter(embedded.client, embedded.table);
  const app = await Test.createTestingModule({ imports: [AppModule.with(embedded.environment)] })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(embedded.client)
    .overrideProvider(AgentProvider)
    .useValue(new SlowAgent())
    .compile();
  const service = app.get(ChatService, { strict: false });
  const request = { prompt: 'hello', chatId: undefined, key: undefined };

  console.log(`\nTurns of ${TURN_MILLISECONDS / 1_000} s in one process:\n`);
  console.log('turns    looks   read units of them, each turn   all read units, each turn');
  for (const count of [1, MANY]) {
    const turns = Array.from({ length: count }, (_, index) =>
      service.reply(`user ${index}`, request, { ...STREAMED_LIMITS, attributes: {} }),
    );
    await Promise.all(turns);
    const bills = meter.take();
    const looks = bills.filter(({ operation }) => operation === 'BatchGetItem');
    const each = (some: readonly Bill[]) => (sumBills(some).readUnits / count).toFixed(1);
    console.log(
      `${String(count).padStart(5)}${String(looks.length).padStart(9)}${each(looks).padStart(32)}${each(bills).padStart(28)}`,
    );
  }
  await app.close();
  await embedded.close();
}
