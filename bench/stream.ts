import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type ClockedAgent, startClockedAgent } from './clocked-agent.js';
import { mb, percentile } from './figures.js';
import { type MeasuredServer, startServer, startTable, tokenOf } from './measured-server.js';

const CHUNKS = 100;
const PACE_MS = 5;
const ROUNDS = 20;
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

/**
 * Prints the delay of chunks through this service and through a bare proxy with the same SDK client.
 * Then it prints the memory that many concurrent streams need.
 * The agent and the client share this process and its clock. Each server has its own process.
 *
 * @throws Error when a stream is incomplete.
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

async function benchDelays(ours: MeasuredServer, bare: MeasuredServer): Promise<void> {
  const delays: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [name, { url }] of Object.entries({ bare, ours })) {
      const read = await readStream(`${url}/chat/stream`);
      if (read.delays.length !== CHUNKS) throw new Error(`${name} sent ${read.delays.length} of ${CHUNKS} chunks`);
      // The first rounds warm the servers up.
      if (round >= 0) delays[name as 'ours' | 'bare'].push(...read.delays);
    }
  }
  console.log(`From the agent's write to the caller's read, ${delays.ours.length} chunks each:\n`);
  console.log('            p50        p99');
  for (const name of ['bare', 'ours'] as const) {
    console.log(`${name.padEnd(7)}${ms(percentile(delays[name], 50))}${ms(percentile(delays[name], 99))}`);
  }
  const [more, ratio] = [difference(delays.ours, delays.bare), ratioText(delays.ours, delays.bare)];
  console.log(`ratio  ${ratio(50).padStart(8)}   ${ratio(99).padStart(8)}`);
  console.log(`more   ${ms(more(50))}${ms(more(99))}\n`);
}

/** Opens all streams, and reads their first chunks, before any stream ends. */
async function benchCrowd(service: MeasuredServer, agent: ClockedAgent): Promise<void> {
  await openAll(`${service.url}/chat/stream`, OPENING).then((streams) =>
    Promise.all(streams.map((stream) => stream.ended)),
  );
  const before = await service.memory();
  agent.hold();
  const streams = await openAll(`${service.url}/chat/stream`, CROWD);
  const during = await service.memory();
  await agent.release((CROWD / ENDING_PER_SECOND) * 1000);
  const reads = await Promise.all(streams.map((stream) => stream.ended));
  const broken = reads.filter((read) => !isComplete(read));
  console.log(`${reads.length} streams open at once, ${reads.length - broken.length} of them complete:\n`);
  console.log('          before    at peak   a stream');
  for (const [name, kind] of Object.entries({ RSS: 'rss', heap: 'heapUsed' } as const)) {
    const each = (during[kind] - before[kind]) / reads.length / 1024;
    console.log(`${name.padEnd(6)}${mb(before[kind])}${mb(during[kind])}${each.toFixed(1).padStart(8)} KB`);
  }
  if (broken.length > 0) throw new Error(`${broken.length} streams are incomplete: ${JSON.stringify(broken[0])}`);
}

/** Opens streams, some at a time. Resolves when each has its first chunk. */
async function openAll(url: string, count: number): Promise<{ ended: Promise<Read> }[]> {
  const streams: { ended: Promise<Read> }[] = [];
  while (streams.length < count) {
    const opening = Array.from({ length: Math.min(OPENING, count - streams.length) }, () => openStream(url));
    streams.push(...(await Promise.all(opening)));
  }
  return streams;
}

function isComplete({ status, text, delays }: Read): boolean {
  return (
    status === 200 && delays.length === CROWD_CHUNKS && /"finishReason":"stop".*\n\ndata: \[DONE\]\n\n$/.test(text)
  );
}

const connections = new Agent({ keepAlive: true, maxSockets: CROWD });
const token = tokenOf('alice');

async function readStream(url: string): Promise<Read> {
  return (await openStream(url)).ended;
}

/** Sends one turn. Resolves when its first chunk has arrived. */
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

function difference(one: readonly number[], other: readonly number[]): (rank: number) => number {
  return (rank) => percentile(one, rank) - percentile(other, rank);
}

function ratioText(one: readonly number[], other: readonly number[]): (rank: number) => string {
  return (rank) => (percentile(one, rank) / percentile(other, rank)).toFixed(2);
}

function ms(value: number): string {
  return `${value.toFixed(2).padStart(8)} ms`;
}
