import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startClockedAgent } from './clocked-agent.js';
import { mb, percentile } from './figures.js';
import { type MeasuredServer, startServer, startTable, tokenOf } from './measured-server.js';

const CHUNKS = 100;
const PACE_MS = 5;
const ROUNDS = 50;
const CROWD = 1_000;
const CROWD_CHUNKS = 5;
/** Streams that open at once, and streams that end per second. Higher numbers would measure the embedded table. */
const OPENING = 25;
const ENDING_PER_SECOND = 100;
const TIMES = /(?:"delta":"|^data: )((?:[\d.]+ )+)/gm;

/** A stream, read to its end. */
interface Read {
  readonly status: number;
  readonly text: string;
  /** Milliseconds from the write of each chunk to its read. */
  readonly delays: readonly number[];
}

interface OpenStream {
  readonly chatId: string;
  readonly ended: Promise<Read>;
}

/** A server with many streams. */
interface Crowd {
  readonly name: string;
  /** A checkout of another commit. */
  readonly folder?: string;
  /** How many readers each stream has. */
  readonly readers: 1 | 2;
}

/**
 * Prints the delay of chunks through this service and through a bare proxy with the same SDK client.
 * Then it prints the memory that many concurrent streams need, with one and with two readers each. `--before <folder>`
 * adds a checkout of another commit. The agent and the client share this process and its clock. Each server has its own
 * process.
 *
 * @throws Error when a stream is incomplete.
 */
export async function benchStream(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(3), options: { before: { type: 'string' } } });
  const folder = values.before === undefined ? undefined : resolve(values.before);
  const table = await startTable();
  const { endpoint: agent } = await startClockedAgent(CHUNKS, PACE_MS);
  const servers = {
    bare: await startServer('bare', { agent, table }),
    ...(folder !== undefined && { before: await startServer('ours', { agent, table, folder }) }),
    ours: await startServer('ours', { agent, table }),
  };
  await benchDelays(servers);
  for (const server of Object.values(servers)) server.stop();
  console.log(`${CROWD} streams open at once, resident memory and heap:\n`);
  console.log('                        before    at peak   a stream');
  if (folder !== undefined) await benchCrowd({ name: 'before', folder, readers: 1 }, table);
  await benchCrowd({ name: 'one reader', readers: 1 }, table);
  await benchCrowd({ name: 'two readers', readers: 2 }, table);
}

/** Prints the delays of all chunks and of first chunks, and their ratios to the bare proxy. */
async function benchDelays(servers: Readonly<Record<string, MeasuredServer>>): Promise<void> {
  const reads = new Map<string, Read[]>();
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [name, { url }] of Object.entries(servers)) {
      const read = await readStream(`${url}/chat/stream`);
      if (read.delays.length !== CHUNKS) throw new Error(`${name} sent ${read.delays.length} of ${CHUNKS} chunks`);
      // The first rounds warm the servers up.
      if (round >= 0) reads.set(name, [...(reads.get(name) ?? []), read]);
    }
  }
  const kinds = {
    all: ({ delays }: Read) => delays,
    first: ({ delays }: Read) => delays.slice(0, 1),
  };
  console.log(`From the agent's write to the caller's read, ${ROUNDS} replies of ${CHUNKS} chunks each:\n`);
  console.log('                     p50        ×        p99        ×');
  for (const [kind, pick] of Object.entries(kinds)) {
    const bare = reads.get('bare')?.flatMap(pick) ?? [];
    for (const [name, all] of reads) {
      const cells = [50, 99].map((rank) => compare(all.flatMap(pick), bare, rank)).join('');
      console.log(`${`${kind}, ${name}`.padEnd(14)}${cells}`);
    }
  }
  console.log();
}

/** Opens all streams, and reads their first chunks, before any stream ends. */
async function benchCrowd({ name, folder, readers }: Crowd, table: string): Promise<void> {
  const agent = await startClockedAgent(CROWD_CHUNKS, PACE_MS);
  const service = await startServer('ours', { agent: agent.endpoint, table, ...(folder !== undefined && { folder }) });
  const begin = () => openStream(`${service.url}/chat/stream`, '{"prompt":"hello"}');
  const warmUp = await openAll(OPENING, begin);
  await Promise.all(warmUp.map((stream) => stream.ended));
  const before = await service.memory();
  agent.hold();
  const streams = await openAll(CROWD, begin);
  const resumed =
    readers === 1
      ? []
      : await openAll(CROWD, (index) => openStream(`${service.url}/chat/stream/${streams[index]?.chatId}/stream`));
  const during = await service.memory();
  await agent.release((CROWD / ENDING_PER_SECOND) * 1000);
  const reads = await Promise.all([...streams, ...resumed].map((stream) => stream.ended));
  service.stop();
  agent.close();
  for (const [kind, words] of Object.entries({ rss: 'RSS', heapUsed: 'heap' }) as ['rss' | 'heapUsed', string][]) {
    const each = (during[kind] - before[kind]) / CROWD / 1024;
    console.log(
      `${`${name}, ${words}`.padEnd(20)}${mb(before[kind])}${mb(during[kind])}${each.toFixed(1).padStart(8)} KB`,
    );
  }
  const broken = reads.filter((read) => !isComplete(read));
  if (broken.length > 0) throw new Error(`${broken.length} streams are incomplete: ${JSON.stringify(broken[0])}`);
}

/** Opens streams, some at a time. Resolves when each has its first chunk. */
async function openAll(count: number, open: (index: number) => Promise<OpenStream>): Promise<OpenStream[]> {
  const streams: OpenStream[] = [];
  while (streams.length < count) {
    const next = Array.from(
      { length: Math.min(OPENING, count - streams.length) },
      (_, index) => streams.length + index,
    );
    streams.push(...(await Promise.all(next.map(open))));
  }
  return streams;
}

function isComplete({ status, text, delays }: Read): boolean {
  return (
    status === 200 && delays.length === CROWD_CHUNKS && /"finishReason":"stop".*\n\ndata: \[DONE\]\n\n$/.test(text)
  );
}

const connections = new Agent({ keepAlive: true, maxSockets: 2 * CROWD });
const token = tokenOf('alice');

async function readStream(url: string): Promise<Read> {
  return (await openStream(url, '{"prompt":"hello"}')).ended;
}

/** Sends a turn, or resumes one if there is no body. Resolves when its first chunk has arrived. */
async function openStream(url: string, body?: string): Promise<OpenStream> {
  const headers = { id_token: token, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const call = request(url, { method: body === undefined ? 'GET' : 'POST', headers, agent: connections });
  call.end(body);
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
  return { ended, chatId: String(response.headers['chat-id']) };
}

function compare(delays: readonly number[], bare: readonly number[], rank: number): string {
  const delay = percentile(delays, rank);
  return `${ms(delay)}${(delay / percentile(bare, rank)).toFixed(2).padStart(9)}`;
}

function ms(value: number): string {
  return `${value.toFixed(2).padStart(8)} ms`;
}
