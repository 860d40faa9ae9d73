import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient, createDynamoDbClient } from '../src/aws/dynamodb.client.js';
import { DynamoChatRepository } from '../src/chat/dynamo-chat.repository.js';
import { ensureChatTable } from '../src/chat/chat-table.js';
import { loadEnvironment } from '../src/config/environment.js';
import { startEmbeddedDynamoDb } from '../src/local/embedded-dynamodb.js';
import { RequestMeter } from './request-meter.js';

const TURNS_SHOWN = [1, 10, 100];
const PROMPT = 'p'.repeat(200);
const ANSWER = 'a'.repeat(800);

/** Prints what the writes of a turn cost, and the read of the history beside the agent's answer, as a chat grows. */
export async function benchTurnCost(): Promise<void> {
  const dynamoDb = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment({
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    JWT_VERIFY_SIGNATURE: 'false',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
  });
  const client = createDynamoDbClient(environment);
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  const metered = createDocumentClient(createDynamoDbClient(environment));
  const meter = new RequestMeter(metered, DynamoDBDocumentClient.from(client));
  const chats = new DynamoChatRepository(metered, environment);

  console.log(`A turn of ${PROMPT.length} B and ${ANSWER.length} B, by the billing rules, the index included:\n`);
  console.log('turn   begin  complete  release  WCU in all   history read (newest 100 messages)');
  let chatId: string | undefined;
  for (let number = 1; number <= Math.max(...TURNS_SHOWN); number += 1) {
    const turn = await chats.begin('alice', { chatId, prompt: PROMPT, deadline: Date.now() + 25_000 });
    chatId = turn.chat.id;
    const begin = meter.take();
    await chats.complete('alice', turn, { status: 'done', answer: ANSWER, citations: [] });
    const complete = meter.take();
    await chats.release('alice', turn);
    const release = meter.take();
    if (!TURNS_SHOWN.includes(number)) continue;
    await chats.turnsBefore('alice', turn, environment.CHAT_HISTORY_LIMIT);
    const history = meter.take();
    const writes = [begin, complete, release];
    const requests = writes.map((cost) => cost.requests.length);
    if (requests.some((count) => count !== 1)) throw new Error(`a write took ${requests.join(', ')} requests`);
    const inAll = writes.reduce((sum, cost) => sum + cost.writeUnits, 0);
    const cells = [...writes.map((cost) => cost.writeUnits), inAll].map(String);
    console.log(
      `${String(number).padStart(4)}${(cells[0] ?? '').padStart(8)}${(cells[1] ?? '').padStart(10)}${(cells[2] ?? '').padStart(9)}` +
        `${(cells[3] ?? '').padStart(12)}   ${history.requests.length} requests, ${history.readUnits} RCU`,
    );
  }
  metered.destroy();
  client.destroy();
  await dynamoDb.close();
}
