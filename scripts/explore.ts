import { explore } from '../test/explorer/explore.js';
import { generateSchedule } from '../test/explorer/workload/generate.js';
import { runSchedule } from '../test/explorer/workload/run-schedule.js';
import { shrinkSchedule } from '../test/explorer/shrink.js';
import { formatRun } from '../test/explorer/print.js';

const seed = Number(process.argv[3] ?? 1);
const n = Number(process.argv[2] ?? 300);
const start = performance.now();
const { found, calls } = await explore({ schedules: n, seed });
const seconds = (performance.now() - start) / 1000;
console.log(`${n} schedules, ${calls} calls, ${seconds.toFixed(1)} s, ${(n / seconds).toFixed(0)}/s`);
for (const { kind, seed: s, times } of [...found.values()].sort((a, b) => b.times - a.times)) {
  console.log(times, kind, 'seed', s);
  const small = await shrinkSchedule(generateSchedule(s), kind);
  console.log(formatRun(small, await runSchedule(small, { isTraced: true })));
}
