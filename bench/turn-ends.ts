import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createApp } from '../src/app.js';
import { loadEnvironment } from '../src/config/environment.js';
import { TableSettings } from '../src/config/settings.js';
import { createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../src/dynamodb/table-schema.js';
import { mintToken } from '../src/local/dev-token.js';
import { startEmbeddedDynamoDb } from '../src/local/embedded-dynamodb.js';
import { seededRandom } from '../test/support/seeded-random.js';
import { killServers, spawnServer } from '../test/support/spawned-server.js';
import { startStorageFaults } from '../test/support/storage-faults.js';
import { parseStream } from '../test/support/ui-stream.js';
import { checkCountedTurns } from './counted-turns.js';
import { type ClockedAgent, startClockedAgent } from './clocked-agent.js';

const SECRET = 'a-secret-for-measuring-only-7Hq2LmZx9cVb4Nw1';
const DUMMY_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
/** The share of writes that the crowd's table throttles. */
const THROTTLED = 0.3;
/** A user runs as many turns as the default `TURNS_AT_ONCE` allows. */
const TURNS_OF_USER = 5;
/** Turns that begin at once. */
const BEGINNING = 25;
const CHUNKS = 3;

interface Ended {
  readonly user: string;
  readonly status: number;
  /** The reply without an error. */
  readonly isWhole: boolean;
  /** A stream came to its end, with or without an error. */
  readonly isDone: boolean;
  readonly chatId: string;
  readonly milliseconds: number;
}

/** Prints what becomes of turns that end while the table refuses or is busy, or while the process ends. */
export async function benchTurnEnds(): Promise<void> {
  await benchOutage({ turns: 200, milliseconds: 30_000 });
  await benchCrowd(1_000);
  await benchShutdown({ streams: 50, delay: 1_100 });
}

/** Half of the turns have whole responses. All of them end when the outage begins. */
async function benchOutage({ turns, milliseconds }: { turns: number; milliseconds: number }): Promise<void> {
  await withService(async (service) => {
    const { url, agent, faults } = service;
    const routes = Array.from({ length: turns }, (_, number) => (number % 2 === 0 ? '/chat' : '/chat/stream'));
    const running = await beginAll(service, routes);
    faults.inject({ type: 'throttle' }, { steps: ['begin', 'complete', 'release', 'recover'] });
    const start = performance.now();
    await agent.release(100);
    await wait(milliseconds);
    faults.clear();
    const ended = await Promise.all(running);
    await print(`${turns} turns end while the table refuses every write for ${milliseconds / 1_000} s`, url, ended);
    console.log(`  all responses had ended after ${seconds(performance.now() - start)}`);
    await checkUsage(service.variables, ended);
  });
}

async function benchCrowd(streams: number): Promise<void> {
  await withService(async (service) => {
    const { url, agent, faults } = service;
    const routes = Array.from({ length: streams }, () => '/chat/stream');
    const running = await beginAll(service, routes);
    const start = performance.now();
    const before = faults.calls.length;
    const chance = { probability: THROTTLED, random: seededRandom(1) };
    faults.inject({ type: 'throttle' }, { steps: ['complete', 'release'], chance });
    await agent.release(0);
    const ended = await Promise.all(running);
    const took = seconds(performance.now() - start);
    await print(
      `${streams} streams end at once, and the table throttles ${THROTTLED * 100} % of the writes`,
      url,
      ended,
    );
    console.log(`  took ${took}, ${faults.calls.length - before} attempts of the SDK`);
    await checkUsage(service.variables, ended);
  });
}

/** SIGTERM comes while streams wait for their agent, and each call to the table takes `delay` milliseconds. */
async function benchShutdown({ streams, delay }: { streams: number; delay: number }): Promise<void> {
  const agent = await startClockedAgent(CHUNKS, 1);
  const dynamoDb = await startEmbeddedDynamoDb({});
  const slow = await startSlowTable(dynamoDb.endpoint, delay);
  const variables = toVariables(agent.endpoint, slow.endpoint);
  await createTable(toVariables(agent.endpoint, dynamoDb.endpoint));
  const server = spawnServer(
    { ...DUMMY_CREDENTIALS, ...variables, NODE_ENV: 'production', LOG_LEVEL: 'info' },
    { script: ['src/main.ts'] },
  );
  const [, url = ''] = await server.untilPrinted(/Listening on (http:[^"\s]+)/);
  agent.hold();
  const running = Array.from({ length: streams }, (_, number) => ask(url, '/chat/stream', number));
  await wait(4 * delay + 3_000);
  const start = performance.now();
  const code = await server.end('SIGTERM');
  const took = seconds(performance.now() - start);
  const ended = await Promise.all(running);
  const done = ended.filter(({ isDone }) => isDone).length;
  console.log(`SIGTERM while ${streams} streams run, and each call to the table takes ${delay} ms`);
  console.log(`  ${done} streams ended with [DONE]; exit code ${code} after ${took}`);
  await checkUsage(toVariables(agent.endpoint, dynamoDb.endpoint), ended);
  await killServers();
  slow.close();
  agent.close();
  await dynamoDb.close();
}

interface Service {
  readonly variables: Record<string, string>;
  readonly url: string;
  readonly agent: ClockedAgent;
  readonly faults: Awaited<ReturnType<typeof startStorageFaults>>;
}

/** Runs the service, its table and its agent in this process, so that they keep each other busy. */
async function withService(work: (service: Service) => Promise<void>): Promise<void> {
  const agent = await startClockedAgent(CHUNKS, 1);
  const dynamoDb = await startEmbeddedDynamoDb({});
  const variables = toVariables(agent.endpoint, dynamoDb.endpoint);
  await createTable(variables);
  const app = await createApp(loadEnvironment(variables));
  const faults = await startStorageFaults(app.get(DynamoDBDocumentClient, { strict: false }));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  await work({ variables, url: `http://127.0.0.1:${port}`, agent, faults });
  faults.close();
  app.getHttpServer().closeAllConnections();
  await app.close();
  agent.close();
  await dynamoDb.close();
}

function toVariables(agent: string, table: string): Record<string, string> {
  return {
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent,
    AWS_ENDPOINT_URL_DYNAMODB: table,
    AWS_REGION: 'eu-central-1',
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: 'fatal',
    PORT: '0',
  };
}

async function createTable(variables: Record<string, string>): Promise<void> {
  const environment = loadEnvironment(variables);
  const client = createDynamoDbClient(new TableSettings(environment), 30_000);
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  client.destroy();
}

/** Begins turns in small groups. The agent holds all of them after its first words. */
async function beginAll(
  { url, agent, faults }: Service,
  routes: readonly string[],
): Promise<readonly Promise<Ended>[]> {
  agent.hold();
  const running: Promise<Ended>[] = [];
  const begun = () => faults.calls.filter(({ step }) => step === 'begin').length;
  for (let first = 0; first < routes.length; first += BEGINNING) {
    const group = routes.slice(first, first + BEGINNING);
    running.push(...group.map((route, index) => ask(url, route, first + index)));
    while (begun() < running.length) await wait(5);
    await wait(20);
  }
  await wait(1_000);
  return running;
}

/** Sends a turn and reads its whole response. */
async function ask(url: string, route: string, number: number): Promise<Ended> {
  const start = performance.now();
  const user = `bench-${Math.floor(number / TURNS_OF_USER)}`;
  const body = JSON.stringify({ prompt: `turn ${number}` });
  const response = await fetch(`${url}${route}`, { method: 'POST', headers: toHeaders(user), body });
  const text = await response.text().catch(() => '');
  const isStream = route.endsWith('stream');
  const { isDone, outline } = parseStream(response.status, response.headers, isStream ? text : '');
  const isWhole = isStream ? isDone && !outline.includes('error') : response.ok;
  const chatId = response.headers.get('chat-id') ?? '';
  return { user, status: response.status, isWhole, isDone, chatId, milliseconds: performance.now() - start };
}

/** Prints how the callers fared, and what is stored once nothing is pending any more. */
async function print(title: string, url: string, ended: readonly Ended[]): Promise<void> {
  console.log(title);
  for (const status of new Set(ended.map((one) => one.status))) {
    const group = ended.filter((one) => one.status === status);
    const slowest = Math.max(...group.map(({ milliseconds }) => milliseconds));
    const whole = group.filter(({ isWhole }) => isWhole).length;
    console.log(
      `  status ${status}: ${group.length} responses, ${whole} whole, the slowest ${seconds(slowest)} after its request`,
    );
  }
  const stored: string[][] = [];
  // The table is in this process, so that reads of all chats at once would time out.
  for (let first = 0; first < ended.length; first += BEGINNING) {
    const group = ended.slice(first, first + BEGINNING);
    stored.push(...(await Promise.all(group.map(({ chatId, user }) => readStored(url, chatId, user)))));
  }
  const storedOnce = stored.filter((messages) => messages.join() === 'user,assistant').length;
  console.log(
    `  ${storedOnce} of ${ended.length} answers are stored once; others: ${JSON.stringify(countOthers(stored))}`,
  );
}

function countOthers(stored: readonly (readonly string[])[]): Record<string, number> {
  const others = stored.map((messages) => messages.join()).filter((messages) => messages !== 'user,assistant');
  return Object.fromEntries(
    [...new Set(others)].map((kind) => [kind, others.filter((other) => other === kind).length]),
  );
}

/** The roles of a chat's messages, with their status if they have one. Waits up to a minute for a pending turn. */
async function readStored(url: string, chatId: string, user: string): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${url}/chats/${chatId}`, { headers: toHeaders(user) });
    const { chat } = (await response.json()) as { chat?: { messages: { role: string; status?: string }[] } };
    const messages = chat?.messages.map(({ role, status }) => [role, status].filter(Boolean).join(':')) ?? ['none'];
    if (attempt === 60 || (response.ok && !messages.includes('user:pending'))) return messages;
    await wait(1_000);
  }
}

/** A table that passes each call on after a delay. */
async function startSlowTable(target: string, delay: number): Promise<{ endpoint: string; close: () => void }> {
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece)).on('error', () => undefined);
    incoming.on('end', () => {
      setTimeout(() => {
        const call = request(new URL(incoming.url ?? '', target), { method: 'POST', headers: incoming.headers });
        call.on('response', (reply) => reply.pipe(outgoing.writeHead(reply.statusCode ?? 502, reply.headers)));
        call.on('error', () => outgoing.destroy());
        call.end(Buffer.concat(pieces));
      }, delay);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function toHeaders(user: string): Record<string, string> {
  return { id_token: mintToken({ secret: SECRET, sub: user }), 'content-type': 'application/json' };
}

/** Every turn has begun, so each must be counted. */
async function checkUsage(variables: Record<string, string>, ended: readonly Ended[]): Promise<void> {
  const users = new Set(ended.map(({ user }) => user));
  await checkCountedTurns(variables, [...users], { acknowledged: ended.length });
}

const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
