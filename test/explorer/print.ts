import type { RunResult } from './workload/run-schedule.js';
import type { Schedule } from './workload/schedule.js';

/** Prints a run for people: when, which process, which step, and what happened. */
export function formatRun(schedule: Schedule, { trace, findings }: RunResult): string {
  const { seed, ttlDays, turnsPerMinute, turnsAtOnce, clocks } = schedule;
  const variables = { CHAT_TTL_DAYS: ttlDays, TURNS_PER_MINUTE: turnsPerMinute, TURNS_AT_ONCE: turnsAtOnce };
  const settings = Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
  const ahead = clocks.map((milliseconds) => milliseconds / 1000).join(', ');
  const lines = trace.map(({ time, task, text }) => {
    const seconds = ((time - schedule.start) / 1000).toFixed(3).padStart(11);
    return `${seconds} s  ${(task?.process.name ?? '').padEnd(2)}${(task?.name ?? '').padEnd(4)} ${text}`;
  });
  const found = findings.map(({ kind, text }) => `==> ${kind}: ${text.slice(0, 600)}`);
  return [`seed ${seed}, ${settings}, clocks ahead by ${ahead} s`, ...lines, ...found].join('\n');
}
