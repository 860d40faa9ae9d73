import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { TableSettings } from '../src/config/settings.js';
import { createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../src/dynamodb/table-schema.js';
import { loadEnvironment } from '../src/config/environment.js';
import { mintToken } from '../src/local/dev-token.js';
import { startEmbeddedDynamoDb } from '../src/local/embedded-dynamodb.js';
import { type ClockedAgent, startClockedAgent } from './clocked-agent.js';
import type { Report } from './stream-server.js';

const CHUNKS = 100;
const PACE_MS = 5;
const ROUNDS = 20;
const CROWD = 1_000;
const CROWD_CHUNKS = 5;
/** Opened at a time, and ended in a second: more of them is a measure of the embedded table. */
const OPENING = 25;
const ENDING_PER_SECOND = 100;
const SECRET = 'a-secret-for-measuring-only-7Hq2LmZx9cVb4Nw1';
const TIMES = /(?:"delta":"|^data: )((?:[\d.]+ )+)/gm;

/** A server in a process of its own, so that what is measured of it is its own. */
interface Measured {
  readonly url: string;
  memory(): Promise<NodeJS.MemoryUsage>;
}

/** A stream, read to its end. */
interface Read {
  readonly status: number;
  readonly text: string;
  /** Milliseconds that each chunk was on its way. */
  readonly delays: readonly number[];
}

/**
 * Prints the time from the agent's write of a chunk to the caller's read of it, through this service and through a bare
 * proxy with the same SDK client, and what many streams at once take of the service's memory. Agent and caller are in
 * this process, so that there is one clock; each server has one of its own.
 *
 * @throws Error when a stream is not whole.
 */
export async function benchStream(): Promise<void> {
  const agent = await startClockedAgent(CHUNKS, PACE_MS);
  const crowdAgent = await startClockedAgent(CROWD_CHUNKS, PACE_MS);
  const dynamoDb = await startTable();
  const [ours, bare, crowded] = await Promise.all([
    startServer('ours', agent.endpoint, dynamoDb),
    startServer('bare', agent.endpoint, dynamoDb),
    startServer('ours', crowdAgent.endpoint, dynamoDb),
  ]);
  await benchDelays(ours, bare);
  await benchCrowd(crowded, crowdAgent);
}

async function benchDelays(ours: Measured, bare: Measured): Promise<void> {
  const delays: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [name, { url }] of Object.entries({ bare, ours })) {
      const read = await readStream(url);
      if (read.delays.length !== CHUNKS) throw new Error(`${name} brought ${read.delays.length} of ${CHUNKS} chunks`);
      // The first rounds are to get warm.
      if (round >= 0) delays[name as 'ours' | 'bare'].push(...read.delays);
    }
  }
  console.log(`From the agent's write to the caller's read, ${delays.ours.length} chunks each:\n`);
  console.log('            p50        p99');
  for (const name of ['bare', 'ours'] as const) {
    console.log(`${name.padEnd(7)}${ms(percentile(delays[name], 50))}${ms(percentile(delays[name], 99))}`);
  }
  const [more, ratio] = [difference(delays.ours, delays.bare), quotient(delays.ours, delays.bare)];
  console.log(`ratio  ${ratio(50).padStart(8)}   ${ratio(99).padStart(8)}`);
  console.log(`more   ${ms(more(50))}${ms(more(99))}\n`);
}

/** All streams are open, and have their first words, before any of them ends. */
async function benchCrowd(service: Measured, agent: ClockedAgent): Promise<void> {
  await openAll(service.url, OPENING).then((streams) => Promise.all(streams.map((stream) => stream.ended)));
  const before = await service.memory();
  agent.hold();
  const streams = await openAll(service.url, CROWD);
  const during = await service.memory();
  await agent.release((CROWD / ENDING_PER_SECOND) * 1000);
  const reads = await Promise.all(streams.map((stream) => stream.ended));
  const broken = reads.filter((read) => !isWhole(read));
  console.log(`${reads.length} streams open at once, ${reads.length - broken.length} of them whole:\n`);
  console.log('          before    at peak   a stream');
  for (const [name, kind] of Object.entries({ RSS: 'rss', heap: 'heapUsed' } as const)) {
    const each = (during[kind] - before[kind]) / reads.length / 1024;
    console.log(`${name.padEnd(6)}${mb(before[kind])}${mb(during[kind])}${each.toFixed(1).padStart(8)} KB`);
  }
  if (broken.length > 0) throw new Error(`${broken.length} streams are not whole: ${JSON.stringify(broken[0])}`);
}

/** Opens streams, some at a time. They have their first words when this returns. */
async function openAll(url: string, count: number): Promise<{ ended: Promise<Read> }[]> {
  const streams: { ended: Promise<Read> }[] = [];
  while (streams.length < count) {
    const opening = Array.from({ length: Math.min(OPENING, count - streams.length) }, () => openStream(url));
    streams.push(...(await Promise.all(opening)));
  }
  return streams;
}

function isWhole({ status, text, delays }: Read): boolean {
  return (
    status === 200 && delays.length === CROWD_CHUNKS && /"finishReason":"stop".*\n\ndata: \[DONE\]\n\n$/.test(text)
  );
}

/** Starts the table. @returns its endpoint. */
async function startTable(): Promise<string> {
  const { endpoint } = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment(variables('', endpoint));
  await ensureChatTable(createDynamoDbClient(new TableSettings(environment)), environment.DYNAMODB_TABLE, {
    timeToLive: false,
  });
  return endpoint;
}

async function startServer(name: 'ours' | 'bare', agentEndpoint: string, dynamoDb: string): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'stream-server.ts'), [name], {
    execArgv: ['--expose-gc', '--import', '@swc-node/register/esm-register'],
    env: { ...process.env, ...variables(agentEndpoint, dynamoDb) },
  });
  child.once('exit', (code) => {
    throw new Error(`${name} has ended with ${code}`);
  });
  const report = await nextReport(child);
  if (!('port' in report)) throw new Error(`${name} does not say where it listens`);
  return {
    url: `http://127.0.0.1:${report.port}/chat/stream`,
    memory: async () => {
      child.send('memory');
      const answer = await nextReport(child);
      if (!('memory' in answer)) throw new Error(`${name} does not say what it takes`);
      return answer.memory;
    },
  };
}

async function nextReport(child: ChildProcess): Promise<Report> {
  const [report] = (await once(child, 'message')) as [Report];
  return report;
}

function variables(agentEndpoint: string, dynamoDb: string): Record<string, string> {
  return {
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agentEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb,
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: 'fatal',
    TURNS_PER_MINUTE: '0',
  };
}

const connections = new Agent({ keepAlive: true, maxSockets: CROWD });
const token = mintToken({ secret: SECRET, sub: 'alice' });

async function readStream(url: string): Promise<Read> {
  return (await openStream(url)).ended;
}

/** Asks for one turn. @returns it, once its first words are here. */
async function openStream(url: string): Promise<{ ended: Promise<Read> }> {
  const headers = { id_token: token, 'content-type': 'application/json' };
  const call = request(url, { method: 'POST', headers, agent: connections });
  call.end('{"prompt":"hello"}');
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = response;
  let text = '';
  const delays: number[] = [];
  const ended = once(response, 'end').then(() => ({ status, text, delays }));
  response.setEncoding('utf8').on('data', (piece: string) => {
    const now = performance.now();
    text += piece;
    for (const [, times = ''] of piece.matchAll(TIMES))
      for (const written of times.trim().split(' ')) delays.push(now - Number(written));
  });
  await Promise.race([once(response, 'data'), ended]);
  return { ended };
}

function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * rank) / 100) - 1] ?? NaN;
}

function difference(one: readonly number[], other: readonly number[]): (rank: number) => number {
  return (rank) => percentile(one, rank) - percentile(other, rank);
}

function quotient(one: readonly number[], other: readonly number[]): (rank: number) => string {
  return (rank) => (percentile(one, rank) / percentile(other, rank)).toFixed(2);
}

function ms(value: number): string {
  return `${value.toFixed(2).padStart(8)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1).padStart(7)} MB`;
}
