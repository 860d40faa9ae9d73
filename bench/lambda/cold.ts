import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { chatEvent } from '../../scripts/lambda/events.js';
import { LocalFunction } from '../../scripts/lambda/local-function.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { LAMBDA_NODE_ARGUMENTS, nodeBinary } from '../../scripts/lambda/node-binary.js';
import { type Contestant, makeContestants } from './contestants.js';

const DRIVER = join(import.meta.dirname, 'cold-driver.mjs');

/** Milliseconds from the spawn to the first handled event, and what of it was loading and handling. */
interface Start {
  readonly all: number;
  readonly load?: number;
  readonly answer?: number;
}

interface Entry {
  readonly name: string;
  readonly run: () => Promise<Start>;
  readonly starts: Start[];
}

/** Prints the time from the spawn of a process to its first handled `POST /chat`, in interleaved rounds. */
export async function benchColdStart(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { rounds: { type: 'string', default: '20' }, node: { type: 'string', default: '24,20' } },
  });
  for (const major of values.node.split(',')) {
    const node = await nodeBinary(major);
    const { bare, bareCached, express, artefact, artefactUncached, unbundled } = await makeContestants(
      node,
      `node-${major}`,
    );
    const all = [bare, bareCached, express, artefact, artefactUncached, unbundled];
    // The bare handler has no quota.
    const parts = await startFunctionParts({ TURNS_PER_MINUTE: '0' });
    const plain = [undefined, ...all].map((contestant) => entry(contestant, () => plainStart(node, parts, contestant)));
    await measure(plain, Number(values.rounds));
    print(`Node ${major}, plain driver`, plain, [bare, bareCached]);
    const client = all.map((contestant) => entry(contestant, () => clientStart(node, parts, contestant)));
    await measure(client, Number(values.rounds));
    print(`Node ${major}, aws-lambda-ric`, client, [bare, bareCached]);
    await parts.close();
  }
}

function entry(contestant: Contestant | undefined, run: () => Promise<Start>): Entry {
  return { name: contestant?.name ?? 'Node alone', run, starts: [] };
}

/** One run of each in every round, so that what else this machine does hits all of them alike; the first is for warming up. */
async function measure(entries: readonly Entry[], rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    for (const { run, starts } of entries) {
      const start = await run();
      if (round > 0) starts.push(start);
    }
  }
}

async function plainStart(node: string, { variables, token }: FunctionParts, contestant?: Contestant): Promise<Start> {
  const module = contestant ? [join(contestant.folder, contestant.file)] : [];
  const env = { ...variables, EVENT: JSON.stringify(chatEvent(token)), TZ: ':UTC', LANG: 'en_US.UTF-8' };
  const start = performance.now();
  const child = spawn(node, [...LAMBDA_NODE_ARGUMENTS, DRIVER, ...module], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  const [phases] = (await Promise.race([once(child.stdio[3] as Readable, 'data'), exit])) as [Buffer];
  const all = performance.now() - start;
  const [code] = (await exit) as [number];
  if (code !== 0) throw new Error(`${contestant?.name} ended with ${code}`);
  return { ...(JSON.parse(phases.toString()) as object), all };
}

async function clientStart(node: string, { variables, token }: FunctionParts, { folder }: Contestant): Promise<Start> {
  const event = JSON.stringify(chatEvent(token));
  const lambda = await LocalFunction.start({ folder, node, variables, log: () => undefined });
  const { statusCode } = (await lambda.invoke(event)) as { statusCode: number };
  const all = performance.now() - lambda.startedAt;
  await lambda.stop();
  if (statusCode !== 200) throw new Error(`${folder} answered ${statusCode}`);
  return { all };
}

function print(title: string, entries: readonly Entry[], references: readonly Contestant[]): void {
  const p50 = (name: string) => median(entries.find((one) => one.name === name)?.starts ?? [], 'all');
  const columns = references.map(({ name }) => ` × ${name}`);
  console.log(`\n${title}: milliseconds to the first answer, ${entries[0]?.starts.length} rounds`);
  console.log(`${''.padEnd(26)}   p50   min   max  load answer${columns.join('')}`);
  for (const { name, starts } of entries) {
    const times = starts.map(({ all }) => all);
    const parts = [median(starts, 'load'), median(starts, 'answer')];
    const cells = [median(starts, 'all'), Math.min(...times), Math.max(...times), ...parts].map((time) =>
      (time === undefined ? '' : time.toFixed(0)).padStart(6),
    );
    const ratios = references.map((one, index) =>
      ((median(starts, 'all') ?? 0) / (p50(one.name) ?? 0)).toFixed(2).padStart(columns[index]?.length ?? 0),
    );
    console.log(`${name.padEnd(26)}${cells.join('')} ${ratios.join('')}`);
  }
}

function median(starts: readonly Start[], part: keyof Start): number | undefined {
  return starts
    .flatMap((start) => start[part] ?? [])
    .toSorted((a, b) => a - b)
    .at(starts.length >> 1);
}
