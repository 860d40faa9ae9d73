import { isKnown } from './known-findings.js';
import { shrinkSchedule } from './shrink.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';
import type { Schedule } from './workload/schedule.js';

export interface Exploration {
  /** The seeds of the schedules that have found something, by its kind. */
  readonly found: ReadonlyMap<string, readonly number[]>;
  /** Calls that reached the table. */
  readonly calls: number;
}

/** Something that was found and that is not known. */
export interface NewFinding {
  readonly kind: string;
  readonly seed: number;
  /** The shortest schedule that finds it. */
  readonly schedule: Schedule;
}

/** Runs schedules with the seeds from `seed` on. */
export async function explore({ schedules, seed }: { schedules: number; seed: number }): Promise<Exploration> {
  const found = new Map<string, number[]>();
  let calls = 0;
  for (let own = seed; own < seed + schedules; own += 1) {
    const result = await runSchedule(generateSchedule(own));
    calls += result.calls;
    for (const kind of new Set(result.findings.map((finding) => finding.kind))) {
      found.set(kind, [...(found.get(kind) ?? []), own]);
    }
  }
  return { found, calls };
}

/** Leaves out what is known, and reduces the rest: one schedule of each kind. */
export async function listNewFindings({ found }: Exploration): Promise<NewFinding[]> {
  const news: NewFinding[] = [];
  for (const [kind, seeds] of found) {
    for (const seed of seeds) {
      const schedule = await shrinkSchedule(generateSchedule(seed), kind);
      const { findings } = await runSchedule(schedule);
      if (findings.filter((finding) => finding.kind === kind).every((finding) => isKnown(finding, schedule))) continue;
      news.push({ kind, seed, schedule });
      break;
    }
  }
  return news;
}
