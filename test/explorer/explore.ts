import type { Judge } from './table/memory-table.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';

/** What was found, by its kind. */
export interface FoundKind {
  readonly kind: string;
  /** The first example. */
  readonly text: string;
  readonly seed: number;
  /** How many schedules have found it. */
  times: number;
}

export interface Exploration {
  readonly found: ReadonlyMap<string, FoundKind>;
  readonly calls: number;
}

export interface ExploreOptions {
  readonly schedules: number;
  readonly seed: number;
  readonly judge?: Judge | undefined;
  /** Ends the exploration early. */
  readonly isEnough?: (found: ReadonlyMap<string, FoundKind>) => boolean;
}

/** Runs schedules with the seeds from `seed` on. */
export async function explore({ schedules, seed, judge, isEnough }: ExploreOptions): Promise<Exploration> {
  const found = new Map<string, FoundKind>();
  let calls = 0;
  for (let own = seed; own < seed + schedules && !isEnough?.(found); own += 1) {
    const result = await runSchedule(generateSchedule(own), { judge });
    calls += result.calls;
    for (const kind of new Set(result.findings.map((finding) => finding.kind))) {
      const text = result.findings.find((finding) => finding.kind === kind)?.text ?? '';
      const known = found.get(kind) ?? { kind, text, seed: own, times: 0 };
      known.times += 1;
      found.set(kind, known);
    }
  }
  return { found, calls };
}
