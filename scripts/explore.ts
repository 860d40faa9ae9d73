import { Logger } from '@nestjs/common';
import { explore } from '../test/explorer/explore.js';
import { generateSchedule } from '../test/explorer/workload/generate.js';
import { runSchedule } from '../test/explorer/workload/run-schedule.js';
import { shrinkSchedule } from '../test/explorer/shrink.js';
import { formatRun } from '../test/explorer/print.js';

Logger.overrideLogger(false);
const seed = Number(process.argv[3] ?? 1);
const n = Number(process.argv[2] ?? 300);
const start = performance.now();
const { found, calls } = await explore({ schedules: n, seed });
const seconds = (performance.now() - start) / 1000;
console.log(`${n} schedules, ${calls} calls, ${seconds.toFixed(1)} s, ${(n / seconds).toFixed(0)}/s`);
const kinds = [...found.values()].sort((a, b) => b.times - a.times);
for (const { kind, seed: s, times } of kinds) console.log(times, kind, 'seed', s);
for (const { kind, seed: s, times } of kinds) {
  if (process.argv[4] && !kind.includes(process.argv[4])) continue;
  console.log(times, kind, 'seed', s);
  const small = await shrinkSchedule(generateSchedule(s), kind);
  console.log(formatRun(small, await runSchedule(small, { isTraced: true })));
}
