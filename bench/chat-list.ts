import { randomUUID } from 'node:crypto';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import type { ChatListPosition } from '../src/chat/model/chat-list.js';
import { ChatListService } from '../src/chat/service/chat-list.service.js';
import { Clock } from '../src/common/clock.js';
import { TableSettings } from '../src/config/settings.js';
import { DynamoTable } from '../src/dynamodb/dynamo-table.js';
import { startEmbeddedTable } from '../test/support/embedded-table.js';
import { RequestMeter, sumBills } from './request-meter.js';

const COUNTS = [50, 5_000];
const LIMIT = 20;
const TITLE = 't'.repeat(60);

/** Prints what a page of the list and a rename cost a user with few chats and a user with many. */
export async function benchChatList(): Promise<void> {
  const embedded = await startEmbeddedTable();
  const { client, environment, table } = embedded;
  const meter = new RequestMeter(client, table);
  const app = await Test.createTestingModule({ imports: [AppModule.with(environment)] })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(client)
    .compile();
  const service = app.get(ChatListService, { strict: false });
  const directTable = new DynamoTable(table, new TableSettings(environment), new Clock());

  console.log(`Pages of ${LIMIT} chats with titles of ${TITLE.length} B, by the billing rules.\n`);
  console.log('chats  what           requests   WCU   RCU');
  const costs = new Map<string, Set<string>>();
  for (const count of COUNTS) {
    const user = `user with ${count} chats`;
    const ids = await putChats(directTable, user, count);

    async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
      meter.take();
      await work();
      const { requests, writeUnits, readUnits } = sumBills(meter.take());
      const cost = [String(requests).padStart(8), String(writeUnits).padStart(6), String(readUnits).padStart(6)].join(
        '',
      );
      console.log(`${String(count).padStart(5)}  ${what.padEnd(13)}  ${cost}`);
      costs.set(what, (costs.get(what) ?? new Set()).add(cost));
    }

    let after: ChatListPosition | undefined;
    await measure('first page', async () => {
      ({ last: after } = await service.list(user, { limit: LIMIT }));
    });
    await measure('second page', () => service.list(user, { after, limit: LIMIT }));
    await measure('rename', () => service.rename(user, ids[0] ?? '', 'T'.repeat(60)));
  }
  await app.close();
  await embedded.close();
  if ([...costs.values()].some(({ size }) => size !== 1)) throw new Error('the cost depends on the number of chats');
  console.log('\nThe cost does not depend on the number of chats.');
}

/** Puts heads of chats as they are after a turn, straight into the table. @returns their ids. */
async function putChats(table: DynamoTable, user: string, count: number): Promise<string[]> {
  const heads = Array.from({ length: count }, (_, number) => {
    const at = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
    const times = { created_at: at, updated_at: at, ended_at: at };
    const session = { gen: randomUUID(), at, since: at, agent: 'bedrock-agent-abcdefghijk' };
    return { id: randomUUID(), user_id: user, title: TITLE, turns: 1, ...times, session };
  });
  await table.replace(heads);
  return heads.map(({ id }) => id);
}
