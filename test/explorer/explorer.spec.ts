import { describe, expect, it } from '@jest/globals';
import { explore, listNewFindings } from './explore.js';
import { huntMutant, judgeOf, WHOLE_WRITE } from './mutants.js';
import { formatRun } from './print.js';
import { shrinkSchedule } from './shrink.js';
import { silenceLogs } from './silence-logs.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';

/** `npm run explore` runs more. */
const SCHEDULES = 150;
/** The explorer notices within so many schedules that a condition is missing. */
const WITHIN = 10;
/** Writes that need a condition, and a seed shortly before one that shows so. */
const MUTANTS = [
  { write: 'begin', leftOut: 'attribute_not_exists(#open)', seed: 8 },
  { write: 'begin', leftOut: 'attribute_not_exists(deleted_at)', seed: 107 },
  { write: 'begin a chat', leftOut: 'attribute_not_exists(id)', seed: 1 },
  { write: 'release', leftOut: '#open.lease = :lease', seed: 40 },
  { write: 'mark as replaced', leftOut: WHOLE_WRITE, seed: 240 },
];

describe('the schedule explorer', () => {
  silenceLogs();

  it(`finds nothing new in ${SCHEDULES} schedules`, async () => {
    const news = await listNewFindings(await explore({ schedules: SCHEDULES, seed: 1 }));
    for (const { schedule } of news) {
      // The shortest schedule, for whoever has to mend it.
      console.error(formatRun(schedule, await runSchedule(schedule, { isTraced: true })));
    }
    expect(news.map(({ kind, seed }) => ({ kind, seed }))).toEqual([]);
  });

  it('runs a schedule always in the same way', async () => {
    const schedule = generateSchedule(17);
    const runs = await Promise.resolve([
      formatRun(schedule, await runSchedule(schedule, { isTraced: true })),
      formatRun(schedule, await runSchedule(schedule, { isTraced: true })),
    ]);
    expect(runs[0]).toBe(runs[1]);
    expect(runs[0]?.split('\n').length).toBeGreaterThan(20);
  });

  it.each(MUTANTS)('notices that “$write” lacks $leftOut', async ({ seed, ...mutant }) => {
    const { schedules, kind } = await huntMutant(mutant, seed, WITHIN);
    expect(kind).toBeDefined();
    expect(schedules).toBeLessThanOrEqual(WITHIN);
  });

  it('reduces a failure to the steps that it needs', async () => {
    const mutant = { write: 'begin', leftOut: 'attribute_not_exists(#open)' };
    const { seed = 0, kind = '' } = await huntMutant(mutant, 8, WITHIN);
    const judge = judgeOf(mutant);
    const shortest = await shrinkSchedule(generateSchedule(seed), kind, judge);
    const { findings } = await runSchedule(shortest, { judge });
    expect(findings.map((finding) => finding.kind)).toContain(kind);
    expect(shortest.steps.length).toBeLessThanOrEqual(3);
  });
});
