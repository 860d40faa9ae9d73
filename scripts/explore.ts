import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { explore, listNewFindings } from '../test/explorer/explore.js';
import { formatRun } from '../test/explorer/print.js';
import { shrinkSchedule } from '../test/explorer/shrink.js';
import { huntMutant, listMutants } from '../test/explorer/mutants.js';
import { NOT_REACHABLE } from '../test/explorer/unreachable-mutants.js';
import { generateSchedule } from '../test/explorer/workload/generate.js';
import { runSchedule } from '../test/explorer/workload/run-schedule.js';

const USAGE = `Usage: npm run explore [-- options]

Runs random schedules of the storage, and fails if one of them finds something new.

  --schedules <n>  how many, 3000 by default
  --seed <n>       the first seed; without it, a random one
  --show <kind>    prints the shortest schedule of what is known too
  --mutants        leaves out each condition in turn, and prints how many schedules it takes to notice
  --only <text>    only mutants whose name has this text
  --help           prints this`;

/** The command line cannot be understood. */
class UsageError extends Error {}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        schedules: { type: 'string', default: '3000' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        show: { type: 'string' },
        mutants: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return {
      ...values,
      schedules: parseCount('schedules', values.schedules, 1),
      seed: parseCount('seed', values.seed, 0),
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function parseCount(name: string, text: string, least: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw new UsageError(`--${name} must be a whole number from ${least}: ${text}`);
}

/** Reads the command line, or ends the process. */
function readArgumentsOrEnd() {
  try {
    const values = readArguments();
    if (!values.help) return values;
    console.log(USAGE);
    return process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return process.exit(2);
  }
}

const values = readArgumentsOrEnd();
const { schedules, seed } = values;
Logger.overrideLogger(false);
if (values.mutants) await printMutants();
else await printFindings();

async function printFindings(): Promise<void> {
  const start = performance.now();
  const exploration = await explore({ schedules, seed });
  const seconds = (performance.now() - start) / 1000;
  const rate = Math.round(schedules / seconds);
  console.log(`${schedules} schedules from seed ${seed}: ${exploration.calls} calls, ${rate} schedules a second`);
  for (const [kind, seeds] of exploration.found) {
    console.log(`${String(seeds.length).padStart(6)}  ${kind}, first with seed ${seeds[0]}`);
    if (kind === values.show) await printShortest(kind, seeds[0] ?? 0);
  }
  const news = await listNewFindings(exploration);
  for (const { kind, schedule } of news) {
    console.log(`\nNew: ${kind}\n${formatRun(schedule, await runSchedule(schedule, { isTraced: true }))}`);
  }
  console.log(`${news.length} new findings`);
  process.exitCode = news.length > 0 ? 1 : 0;
}

async function printShortest(kind: string, own: number): Promise<void> {
  const schedule = await shrinkSchedule(generateSchedule(own), kind);
  console.log(formatRun(schedule, await runSchedule(schedule, { isTraced: true })));
}

async function printMutants(): Promise<void> {
  const mutants = await listMutants(2_000, seed);
  for (const mutant of mutants.filter(({ write, leftOut }) => `${write}: ${leftOut}`.includes(values.only))) {
    const { schedules: count, kind } = await huntMutant(mutant, seed, schedules);
    const why = NOT_REACHABLE.find(({ write, leftOut }) => write === mutant.write && leftOut === mutant.leftOut)?.why;
    const result = count === undefined ? `not found: ${why ?? 'UNEXPLAINED'}` : `${count} schedules: ${kind}`;
    console.log(`${mutant.write}: ${mutant.leftOut}\n        ${result}`);
    if (count === undefined && why === undefined) process.exitCode = 1;
  }
}
