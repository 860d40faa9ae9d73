import type { Judge } from './table/memory-table.js';
import type { Faults } from './world/faults.js';
import { runSchedule } from './workload/run-schedule.js';
import type { Schedule, Step } from './workload/schedule.js';

/** Most runs of one reduction. */
const MAX_RUNS = 2_000;

/**
 * Reduces a schedule to a shorter one that finds the same kind: fewer steps, fewer faults, one clock, round times.
 * No single part of the result can be left out.
 */
export async function shrinkSchedule(schedule: Schedule, kind: string, judge?: Judge): Promise<Schedule> {
  let smallest = schedule;
  let runs = 0;
  for (let hasChanged = true; hasChanged && runs < MAX_RUNS;) {
    hasChanged = false;
    for (const candidate of listSmaller(smallest)) {
      runs += 1;
      const { findings } = await runSchedule(candidate, { judge });
      if (!findings.some((finding) => finding.kind === kind)) continue;
      smallest = candidate;
      hasChanged = true;
      break;
    }
  }
  return smallest;
}

/** Schedules that are smaller by one thing, the greatest reductions first. */
function* listSmaller(schedule: Schedule): Generator<Schedule> {
  const { steps, clocks } = schedule;
  for (const step of steps) yield { ...schedule, steps: steps.filter((other) => other !== step) };
  for (const step of steps) {
    if (Object.keys(step.faults).length > 1) yield withStep(schedule, { ...step, faults: {} });
  }
  for (const step of steps) for (const faults of listFewer(step.faults)) yield withStep(schedule, { ...step, faults });
  if (clocks.some((ahead) => ahead !== 0)) yield { ...schedule, clocks: clocks.map(() => 0) };
  for (const [index, ahead] of clocks.entries()) if (ahead !== 0) yield { ...schedule, clocks: clocks.with(index, 0) };
  if (schedule.turnsPerMinute > 0) yield { ...schedule, turnsPerMinute: 0 };
  if (schedule.turnsAtOnce > 0) yield { ...schedule, turnsAtOnce: 0 };
  if (schedule.ttlDays > 0) yield { ...schedule, ttlDays: 0 };
  for (const step of steps) for (const simpler of listSimpler(step)) yield withStep(schedule, simpler);
  yield* listEarlier(schedule);
}

function withStep(schedule: Schedule, step: Step): Schedule {
  return { ...schedule, steps: schedule.steps.map((other) => (other.id === step.id ? step : other)) };
}

function* listFewer(faults: Faults): Generator<Faults> {
  for (const attempt of Object.keys(faults)) {
    yield Object.fromEntries(Object.entries(faults).filter(([other]) => other !== attempt));
  }
}

function* listSimpler(step: Step): Generator<Step> {
  const { action, faults } = step;
  if (step.process !== 0) yield { ...step, process: step.process - 1 };
  if (action.do === 'turn') {
    const { agentMilliseconds, replyBytes, hasOtherPrompt, outcome } = action;
    if (agentMilliseconds !== 0) yield { ...step, action: { ...action, agentMilliseconds: 0 } };
    if (replyBytes !== 0) yield { ...step, action: { ...action, replyBytes: 0 } };
    if (hasOtherPrompt) yield { ...step, action: { ...action, hasOtherPrompt: false } };
    if (outcome !== 'done') yield { ...step, action: { ...action, outcome: 'done' } };
    if (action.timeLimit > 25_000) yield { ...step, action: { ...action, timeLimit: 25_000 } };
  }
  for (const [attempt, fault] of Object.entries(faults)) {
    if (!('milliseconds' in fault)) continue;
    for (const milliseconds of listRounder(fault.milliseconds)) {
      yield { ...step, faults: { ...faults, [attempt]: { ...fault, milliseconds } } };
    }
  }
}

/** Lets all steps from one on begin earlier. */
function* listEarlier(schedule: Schedule): Generator<Schedule> {
  const { steps } = schedule;
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1]?.at ?? 0;
    for (const gap of listRounder(step.at - before)) {
      const earlier = step.at - before - gap;
      yield {
        ...schedule,
        steps: steps.map((other, at) => (at < index ? other : { ...other, at: other.at - earlier })),
      };
    }
  }
}

/** Shorter times, the roundest first. */
function listRounder(milliseconds: number): number[] {
  const units = [60_000, 10_000, 1_000, 100, 10];
  const rounded = units.map((unit) => Math.floor(milliseconds / unit) * unit);
  return [...new Set([0, ...rounded])].filter((time) => time < milliseconds).toSorted((a, b) => a - b);
}
