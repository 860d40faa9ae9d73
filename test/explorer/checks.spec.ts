import { describe, expect, it } from '@jest/globals';
import { silenceLogs } from './silence-logs.js';
import { runSchedule } from './workload/run-schedule.js';
import type { RunOptions } from './workload/run.js';
import type { Action, Schedule, Step } from './workload/schedule.js';
import type { Faults } from './world/faults.js';
import type { ServiceParts } from './world/service-parts.js';

const THROTTLED = { kind: 'throttled' } as const;
/** The table refuses all calls after the first one for about 40 s. */
const REFUSING_TABLE: Faults = Object.fromEntries(Array.from({ length: 40 }, (_, call) => [call + 1, THROTTLED]));

/** The caller of a whole response waits like the caller of a stream. */
function withoutStoreLimit(parts: ServiceParts): ServiceParts {
  const endTurn: ServiceParts['endTurn'] = (user, begun, end, observer) =>
    parts.endTurn(user, begun, { ...end, storeLimit: Infinity }, observer);
  return { ...parts, endTurn };
}

describe('the check of a caller that waits', () => {
  silenceLogs();

  it('allows the time in which a process stands still, also if it crashes later', async () => {
    const faults: Faults = {
      1: THROTTLED,
      2: { kind: 'freeze, then timeout', milliseconds: 60_000 },
      3: { kind: 'crash before' },
    };
    expect(await listKinds([turn(faults)])).toEqual([]);
  });

  it('finds a caller that waits too long', async () => {
    expect(await listKinds([turn(REFUSING_TABLE)])).toEqual([]);
    expect(await listKinds([turn(REFUSING_TABLE)], { alter: withoutStoreLimit })).toContain('caller waits too long');
  });

  it('finds it too if the process has stood still for a part of the time', async () => {
    const steps = [turn(REFUSING_TABLE), toStep(2, 1_000, { do: 'freeze', milliseconds: 2_000 })];
    expect(await listKinds(steps)).toEqual([]);
    expect(await listKinds(steps, { alter: withoutStoreLimit })).toContain('caller waits too long');
  });
});

async function listKinds(steps: readonly Step[], options: RunOptions = {}): Promise<string[]> {
  const schedule: Schedule = {
    seed: 0,
    start: Date.UTC(2027, 0, 15, 10),
    clocks: [0, 0, 0],
    ttlDays: 0,
    turnsPerMinute: 0,
    turnsAtOnce: 0,
    chats: [{ user: 'alice', openingKey: undefined, legacyBytes: 0 }],
    steps,
  };
  const { findings } = await runSchedule(schedule, options);
  return findings.map(({ kind }) => kind);
}

function turn(faults: Faults): Step {
  return {
    ...toStep(1, 0, {
      do: 'turn',
      user: 'alice',
      chat: 0,
      opens: true,
      key: undefined,
      hasOtherPrompt: false,
      agentMilliseconds: 0,
      outcome: 'done',
      replyBytes: 0,
      timeLimit: 25_000,
    }),
    faults,
  };
}

function toStep(id: number, at: number, action: Action): Step {
  return { id, at, process: 0, action, faults: {} };
}
