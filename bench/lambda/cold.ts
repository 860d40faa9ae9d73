import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { buildChatEvent } from '../../scripts/lambda/events.js';
import { LocalFunction } from '../../scripts/lambda/local-function.js';
import { listEvaluated } from '../../scripts/lambda/evaluated-modules.js';
import { AGENT_KINDS, type AgentKind } from '../../scripts/lambda/local-agents.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { startLocalSecret } from '../../scripts/lambda/local-secret.js';
import { LAMBDA_NODE_ARGUMENTS, findNode, RUNTIME_NODE } from '../../scripts/lambda/node-binary.js';
import { formatPackageSize, measurePackage } from '../../scripts/lambda/package.js';
import { buildPackage, type Contestant, type Contestants, makeContestants } from './contestants.js';

const PLAIN_DRIVER = join(import.meta.dirname, 'cold-driver.mjs');

/** Greatest ratio of the package's start to the bare handler's. It compares medians on the runtime's Node, in the plain driver. */
const COLD_BOUND = 1.25;
/** Greatest ratio of the package's start to its start before a change, with Bedrock Agents. */
const BEFORE_BOUND = 1.02;
/** Greatest ratio of the package's start with another agent to its start with Bedrock Agents. */
const AGENT_BOUND = 1.05;

/** Milliseconds from the spawn to the first handled event, and the times of loading and handling. */
interface Started {
  readonly all: number;
  readonly load?: number;
  readonly handle?: number;
}

interface Entry {
  readonly name: string;
  readonly run: () => Promise<Started>;
  readonly starts: Started[];
}

/**
 * Prints the time from the spawn of a process to its first handled `POST /chat`, in interleaved rounds.
 * Sets the exit code if the package is over one of its bounds.
 * `--before <folder>` adds a package that was built from another commit.
 */
export async function benchColdStart(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      rounds: { type: 'string', default: '20' },
      node: { type: 'string', default: '24,20' },
      before: { type: 'string' },
    },
  });
  buildPackage();
  // The bare handler has no quota.
  const started = AGENT_KINDS.map(async (kind) => [
    kind,
    await startFunctionParts({ TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0' }, kind),
  ]);
  const parts = Object.fromEntries(await Promise.all(started)) as Record<AgentKind, FunctionParts>;
  const partsOf = ({ agent = 'bedrock-agent' }: Partial<Contestant> = {}) => parts[agent];
  const secret = await startLocalSecret(partsOf().variables['JWT_SECRET_KEY'] ?? '');
  for (const major of values.node.split(',')) {
    const node = await findNode(major);
    for (const { title, nodeArguments, start } of DRIVERS) {
      const made = await makeContestants(node, nodeArguments, `node-${major}`, values.before);
      const withSecret = { ...made.artefact, name: 'artefact, secret read', variables: secret.variables };
      const { bare, bareCached, express, artefact, harness, converse, before, artefactUncached, unbundled } = made;
      const agents = [...(before ? [before] : []), artefact, harness, converse];
      const all = [bare, bareCached, express, ...agents, withSecret, artefactUncached, unbundled];
      const entries = [...(start === plainStart ? [undefined] : []), ...all].map((contestant) =>
        toEntry(contestant, () => start(node, partsOf(contestant), contestant)),
      );
      await measure(entries, Number(values.rounds));
      print(`Node ${major}, ${title}`, entries, [bare, bareCached]);
      if (major === RUNTIME_NODE && start === plainStart) {
        checkBounds(entries, made);
        console.log(`The package has ${formatPackageSize(await measurePackage(artefact.folder))}`);
        await printEvaluated(node, [artefact, harness, converse], partsOf);
      }
    }
  }
  await Promise.all([...Object.values(parts).map((part) => part.close()), secret.close()]);
}

type Start = (node: string, parts: FunctionParts, contestant?: Contestant) => Promise<Started>;

interface Driver {
  readonly title: string;
  readonly nodeArguments: readonly string[];
  readonly start: Start;
}

/** Plain Node, and Node as Lambda starts it. */
const DRIVERS: readonly Driver[] = [
  { title: 'plain driver', nodeArguments: [], start: plainStart },
  {
    title: 'aws-lambda-ric, with the flags that Lambda gives to Node',
    nodeArguments: LAMBDA_NODE_ARGUMENTS,
    start: clientStart,
  },
];

function checkBounds(entries: readonly Entry[], { bare, artefact, harness, converse, before }: Contestants): void {
  console.log('');
  checkBound(entries, artefact, bare, COLD_BOUND);
  if (before) checkBound(entries, artefact, before, BEFORE_BOUND);
  for (const agent of [harness, converse]) checkBound(entries, agent, artefact, AGENT_BOUND);
}

function checkBound(entries: readonly Entry[], { name }: Contestant, reference: Contestant, bound: number): void {
  const [ours, theirs] = [name, reference.name].map((one) => findMedianStart(entries, one));
  const ratio = (ours ?? 0) / (theirs ?? 0);
  console.log(`${name} takes ${ratio.toFixed(3)} times what ${reference.name} takes, bound ${bound}`);
  if (!(ratio <= bound)) process.exitCode = 1;
}

/** Prints which providers and SDK clients a turn evaluates, beside the modules of every start. */
async function printEvaluated(
  node: string,
  contestants: readonly Contestant[],
  partsOf: (contestant: Contestant) => FunctionParts,
): Promise<void> {
  for (const contestant of contestants) {
    const { variables, token } = partsOf(contestant);
    const called = { folder: contestant.folder, node, variables, event: buildChatEvent(token) };
    console.log(`${contestant.name} evaluates on demand: ${(await listEvaluated(called)).join(', ')}`);
  }
}

function toEntry(contestant: Contestant | undefined, run: () => Promise<Started>): Entry {
  return { name: contestant?.name ?? 'Node alone', run, starts: [] };
}

/** Runs each entry once per round, so that other load affects all alike. The first round is a warm-up. */
async function measure(entries: readonly Entry[], rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    for (const { run, starts } of entries) {
      const start = await run();
      if (round > 0) starts.push(start);
    }
  }
}

async function plainStart(
  node: string,
  { variables, token }: FunctionParts,
  contestant?: Contestant,
): Promise<Started> {
  const module = contestant ? [join(contestant.folder, contestant.file)] : [];
  const event = JSON.stringify(buildChatEvent(token));
  const env = { ...variables, ...contestant?.variables, EVENT: event, TZ: ':UTC', LANG: 'en_US.UTF-8' };
  const start = performance.now();
  const child = spawn(node, [PLAIN_DRIVER, ...module], { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  const [phases] = (await Promise.race([once(child.stdio[3] as Readable, 'data'), exit])) as [Buffer];
  const all = performance.now() - start;
  const [code] = (await exit) as [number];
  if (code !== 0) throw new Error(`${contestant?.name} ended with ${code}`);
  return { ...(JSON.parse(phases.toString()) as object), all };
}

async function clientStart(node: string, parts: FunctionParts, contestant?: Contestant): Promise<Started> {
  if (!contestant) throw new Error('The runtime client needs a package');
  const { folder } = contestant;
  const variables = { ...parts.variables, ...contestant.variables };
  const lambda = await LocalFunction.start({ folder, node, variables, log: () => undefined });
  const { statusCode } = (await lambda.invoke(JSON.stringify(buildChatEvent(parts.token)))) as { statusCode: number };
  const all = performance.now() - lambda.startedAt;
  await lambda.stop();
  if (statusCode !== 200) throw new Error(`${folder} returned status ${statusCode}`);
  return { all };
}

function print(title: string, entries: readonly Entry[], references: readonly Contestant[]): void {
  const columns = references.map(({ name }) => ` × ${name}`);
  console.log(`\n${title}: milliseconds to the first response, ${entries[0]?.starts.length} rounds`);
  console.log(`${''.padEnd(26)}   p50   min   max  load handle${columns.join('')}`);
  for (const { name, starts } of entries) {
    const times = starts.map(({ all }) => all);
    const parts = [median(starts, 'load'), median(starts, 'handle')];
    const cells = [median(starts, 'all'), Math.min(...times), Math.max(...times), ...parts].map((time) =>
      (time === undefined ? '' : time.toFixed(0)).padStart(6),
    );
    const ratios = references.map((one, index) =>
      ((median(starts, 'all') ?? 0) / (findMedianStart(entries, one.name) ?? 0))
        .toFixed(2)
        .padStart(columns[index]?.length ?? 0),
    );
    console.log(`${name.padEnd(26)}${cells.join('')} ${ratios.join('')}`);
  }
}

function findMedianStart(entries: readonly Entry[], name: string): number | undefined {
  return median(entries.find((one) => one.name === name)?.starts ?? [], 'all');
}

function median(starts: readonly Started[], part: keyof Started): number | undefined {
  return starts
    .flatMap((start) => start[part] ?? [])
    .toSorted((a, b) => a - b)
    .at(starts.length >> 1);
}
