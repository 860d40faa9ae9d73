import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BedrockAgentRuntimeClient, InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { createApp } from '../src/app.js';
import { createBedrockAgentRuntimeClient } from '../src/aws/bedrock-agent-runtime.client.js';
import { createDynamoDbClient } from '../src/aws/dynamodb.client.js';
import { ensureChatTable } from '../src/chat/chat-table.js';
import { loadEnvironment } from '../src/config/environment.js';
import { mintToken } from '../src/local/dev-token.js';
import { startEmbeddedDynamoDb } from '../src/local/embedded-dynamodb.js';
import { startClockedAgent } from './clocked-agent.js';

const CHUNKS = 100;
const PACE_MS = 5;
const ROUNDS = 10;
const CROWD = 1_000;
const SECRET = 'a-secret-for-measuring-only-7Hq2LmZx9cVb4Nw1';
const DELTA = /(?:"delta":"|^data: )([\d.]+) /gm;

/**
 * Prints the time from the agent's write of a chunk to the caller's read of it, through this service and through a bare
 * proxy with the same SDK client, and the memory of many streams at once. Everything runs in this one process, so that
 * there is one clock.
 */
export async function benchStream(): Promise<void> {
  const agent = await startClockedAgent(CHUNKS, PACE_MS);
  const crowdAgent = await startClockedAgent(5, 2_000);
  const ours = await startService(agent.endpoint);
  const bare = await startBareProxy(agent.endpoint);
  const delays: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  await Promise.all([delaysOf(ours), delaysOf(bare)]);
  for (let round = 0; round < ROUNDS; round += 1) {
    delays.bare.push(...(await delaysOf(bare)));
    delays.ours.push(...(await delaysOf(ours)));
  }
  console.log(`From the agent's write to the caller's read, ${CHUNKS * ROUNDS} chunks each:\n`);
  console.log('            p50        p99');
  for (const name of ['bare', 'ours'] as const) {
    console.log(`${name.padEnd(7)}${ms(percentile(delays[name], 50))}${ms(percentile(delays[name], 99))}`);
  }
  const ratio = (rank: number) => (percentile(delays.ours, rank) / percentile(delays.bare, rank)).toFixed(2);
  console.log(`ratio  ${ratio(50).padStart(8)}   ${ratio(99).padStart(8)}`);
  console.log(`more   ${ms(percentile(delays.ours, 50) - percentile(delays.bare, 50))}  at p50\n`);
  await benchCrowd(await startService(crowdAgent.endpoint));
}

async function benchCrowd(url: string): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const started = performance.now();
  const ended = await Promise.all(Array.from({ length: CROWD }, async () => (await delaysOf(url)).length));
  clearInterval(watch);
  const whole = ended.filter((count) => count === 5).length;
  const perStream = (most - before) / CROWD / 1024;
  console.log(
    `${CROWD} streams at once: ${whole} whole in ${((performance.now() - started) / 1000).toFixed(1)} s; ` +
      `at most ${(most / 1e6).toFixed(0)} MB, ${perStream.toFixed(0)} KB a stream, with its caller and its agent`,
  );
}

async function startService(agentEndpoint: string): Promise<string> {
  const dynamoDb = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment({
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agentEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: 'fatal',
  });
  const client = createDynamoDbClient(environment);
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  const app = await createApp(environment);
  const server = app.getHttpServer();
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat/stream`;
}

/** The least that can be between a caller and the agent: no token, no table, no protocol. */
async function startBareProxy(endpoint: string): Promise<string> {
  const variables = { AGENT_ID: 'A', AGENT_ALIAS_ID: 'A', JWT_VERIFY_SIGNATURE: 'false' };
  const environment = loadEnvironment({ ...variables, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: endpoint });
  const client: BedrockAgentRuntimeClient = createBedrockAgentRuntimeClient(environment);
  const server = createServer((_, response) => {
    void (async () => {
      const command = new InvokeAgentCommand({
        agentId: 'A',
        agentAliasId: 'A',
        sessionId: 'bare',
        inputText: 'hello',
      });
      const { completion = [] } = await client.send(command);
      for await (const { chunk } of completion)
        response.write(`data: ${Buffer.from(chunk?.bytes ?? []).toString()}\n\n`);
      response.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const connections = new Agent({ keepAlive: true, maxSockets: CROWD });
const token = mintToken({ secret: SECRET, sub: 'alice' });

/** Milliseconds each chunk of one turn was on its way. */
async function delaysOf(url: string): Promise<number[]> {
  const headers = { id_token: token, 'content-type': 'application/json' };
  const call = request(url, { method: 'POST', headers, agent: connections });
  call.end('{"prompt":"hello"}');
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const delays: number[] = [];
  for await (const bytes of response as AsyncIterable<Buffer>) {
    const now = performance.now();
    for (const [, written] of bytes.toString().matchAll(DELTA)) delays.push(now - Number(written));
  }
  return delays;
}

function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * rank) / 100) - 1] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(2).padStart(8)} ms`;
}
