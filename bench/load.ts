import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../test/support/seeded-random.js';
import { killServers, spawnServer } from '../test/support/spawned-server.js';
import { checkCountedTurns } from './counted-turns.js';
import { mb, percentile } from './figures.js';
import { LoadClient, type Times } from './load/load-client.js';
import { type LoadResult, runLoad, verifyAll } from './load/load-mix.js';
import { LoadUser } from './load/load-user.js';
import { runSlowStream } from './load/slow-stream.js';
import { buildVariables, LIMITS, type MeasuredServer, startPart, startServer } from './measured-server.js';

const SECONDS = 120;
const USERS = 32;
/** How long the load lasts before SIGTERM. */
const SHUTDOWN_SECONDS = 5;
const SLOW_STREAMS = 10;
/** A request this old had reached the service when the signal came. */
const ARRIVED_MILLISECONDS = 1_000;
const WRONG_SHOWN = 12;
const DUMMY_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };

interface Parts {
  readonly agent: string;
  readonly table: string;
}

/**
 * Lets many users send everything at once, compares every response with what each user has sent, and prints times,
 * memory and lag beside plain Express. Then the service ends by SIGTERM in the middle of the load.
 * Options: `--seconds 120`, `--users 64`, `--seed 1`. It fails on any wrong response.
 */
export async function benchLoad(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { seconds: { type: 'string' }, users: { type: 'string' }, seed: { type: 'string' } },
  });
  const seconds = Number(values.seconds ?? SECONDS);
  const count = Number(values.users ?? USERS);
  const seed = Number(values.seed ?? 1);
  console.log(`${count} users for ${seconds} s, seed ${seed}, Node ${process.version}\n`);

  const express = await startParts().then((parts) => startServer('express', parts));
  const reference = createUsers(count, seed, new LoadClient(express.url));
  const bare = await measure('plain Express', { server: express, users: reference, seconds });
  express.stop();

  const parts = await startParts();
  const service = await startServer('ours', { ...parts, variables: LIMITS });
  const client = new LoadClient(service.url);
  const users = createUsers(count, seed, client);
  const ours = await measure('this service', { server: service, users, seconds });
  const verified = await verifyAll(users);
  printTimes(client.times, reference[0]?.client.times ?? new Map());
  console.log(`\nplain Express: ${bare.wrong.length} wrong ${JSON.stringify(countReasons(bare.wrong))}`);
  report('this service under load', ours.wrong);
  report('every chat after the load', verified);

  const variables = buildVariables(parts.agent, parts.table);
  const names = users.map(({ name }) => name);
  await checkCountedTurns(variables, names, client.turns);
  const last = await shutDownUnderLoad(parts, users);
  report('every chat after SIGTERM', await verifyAfterEnd(users, client));
  await checkCountedTurns(variables, names, {
    acknowledged: client.turns.acknowledged + last.turns.acknowledged,
    doubtful: client.turns.doubtful + last.turns.doubtful,
  });
  service.stop();
}

async function startParts(): Promise<Parts> {
  return { agent: await startPart('agent'), table: await startPart('table') };
}

function createUsers(count: number, seed: number, client: LoadClient): LoadUser[] {
  return Array.from(
    { length: count },
    (_, index) => new LoadUser(`user-${index}`, seededRandom(seed * 10_000 + index), client),
  );
}

/** Runs the load, and prints the rate, the memory and the lag. */
async function measure(
  name: string,
  { server, users, seconds }: { server: MeasuredServer; users: readonly LoadUser[]; seconds: number },
): Promise<LoadResult> {
  const before = await server.memory();
  await server.sample();
  const start = performance.now();
  const end = start + seconds * 1_000;
  const running = runLoad(users, () => performance.now() >= end);
  console.log(`${name}\n  time   resident       heap   lag p50 / p95 / p99 / max (ms)`);
  console.log(`   0 s ${mb(before.rss)} ${mb(before.heapUsed)}   after garbage collection`);
  const interval = seconds >= 120 ? 60 : 15;
  for (let second = interval; second <= seconds; second += interval) {
    await wait(start + second * 1_000 - performance.now());
    const { memory, lag } = await server.sample();
    const lags = [lag.p50, lag.p95, lag.p99, lag.max].map((value) => value.toFixed(1)).join(' / ');
    console.log(`${String(second).padStart(4)} s ${mb(memory.rss)} ${mb(memory.heapUsed)}   ${lags}`);
  }
  const result = await running;
  const took = (performance.now() - start) / 1_000;
  const after = await server.memory();
  console.log(` end   ${mb(after.rss)} ${mb(after.heapUsed)}   after garbage collection, peak ${mb(after.peak)}`);
  const responses = [...(users[0]?.client.times.values() ?? [])].flat().length;
  console.log(`  ${responses} responses, ${(responses / took).toFixed(0)} a second`);
  console.log(
    `  refused as busy: ${JSON.stringify(Object.fromEntries(result.refused))}, lost: ${result.lost.length}\n`,
  );
  return result;
}

function printTimes(ours: Times, express: Times): void {
  console.log('milliseconds             this service                      plain Express');
  console.log('                     n     p50     p95     p99         n     p50     p95     p99');
  for (const kind of [...ours.keys()].toSorted()) {
    console.log(`${kind.padEnd(14)}${describe(ours.get(kind))}  ${describe(express.get(kind))}`);
  }
}

function describe(times: readonly number[] = []): string {
  const cells = [50, 95, 99].map((rank) => percentile(times, rank).toFixed(1).padStart(8));
  return `${String(times.length).padStart(8)}${cells.join('')}`;
}

/** Sends SIGTERM to a service of its own while all users and some slow streams are at work. */
async function shutDownUnderLoad({ agent, table }: Parts, users: readonly LoadUser[]): Promise<LoadClient> {
  const server = spawnServer(
    {
      ...DUMMY_CREDENTIALS,
      ...buildVariables(agent, table),
      ...LIMITS,
      NODE_ENV: 'production',
      LOG_LEVEL: 'log',
      PORT: '0',
    },
    { script: ['src/main.ts'] },
  );
  const [, url = ''] = await server.untilPrinted(/Listening on (http:[^"\s]+)/);
  const client = new LoadClient(url);
  for (const user of users) user.client = client;
  const slow = users.slice(0, SLOW_STREAMS).map((user) => runSlowStream(user));
  await wait(1_000);
  let isOver = false;
  const running = runLoad(users, () => isOver);
  await wait(SHUTDOWN_SECONDS * 1_000);
  const signalAt = performance.now();
  const code = await server.end('SIGTERM');
  const took = (performance.now() - signalAt) / 1_000;
  isOver = true;
  const { wrong, refused, lost } = await running;
  const slowWrong = (await Promise.all(slow)).filter((problem) => problem !== undefined);
  const responses = [...client.times.values()].flat().length;
  const [before, early] = [0, ARRIVED_MILLISECONDS].map(
    (age) => lost.filter((sentAt) => signalAt - sentAt > age).length,
  );
  console.log(`\nSIGTERM after ${SHUTDOWN_SECONDS} s: exit code ${code} after ${took.toFixed(1)} s`);
  console.log(`  ${responses} whole responses; without one: ${lost.length} requests, ${before} sent before the signal`);
  console.log(`  ${slow.length} slow streams; refused as busy: ${JSON.stringify(Object.fromEntries(refused))}`);
  report('responses around SIGTERM', [...wrong, ...slowWrong]);
  if (early !== 0) report('requests before SIGTERM', [`${early} of those that had arrived got no response`]);
  if (code !== 0) report('the end of the process', [`exit code ${code}: ${server.printed.slice(-2_000)}`]);
  await killServers();
  return client;
}

/** Another process reads the chats. Nothing may be pending, because the process that ran the turns has ended well. */
async function verifyAfterEnd(users: readonly LoadUser[], client: LoadClient): Promise<string[]> {
  for (const user of users) user.client = client;
  return verifyAll(users);
}

/** Prints what is wrong. Anything makes the bench fail. */
function report(what: string, wrong: readonly string[]): void {
  console.log(`${what}: ${wrong.length} wrong`);
  for (const line of wrong.slice(0, WRONG_SHOWN)) console.error(`  ${line}`);
  if (wrong.length > 0) process.exitCode = 1;
}

function countReasons(wrong: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of wrong) {
    const [reason = ''] = line.split(':');
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
