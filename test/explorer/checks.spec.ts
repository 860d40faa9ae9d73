import { describe, expect, it } from '@jest/globals';
import type { Finding } from './check/ledger.js';
import { isKnown } from './known-findings.js';
import { judgeOf } from './mutants.js';
import { silenceLogs } from './silence-logs.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';
import type { RunOptions } from './workload/run.js';
import type { Action, Schedule, Step } from './workload/schedule.js';
import type { Faults } from './world/faults.js';
import type { ServiceParts } from './world/service-parts.js';

const THROTTLED = { kind: 'throttled' } as const;
/** The table refuses all calls after the first one for about 40 s. */
const REFUSING_TABLE: Faults = Object.fromEntries(Array.from({ length: 40 }, (_, call) => [call + 1, THROTTLED]));

const SCHEDULE: Schedule = {
  seed: 0,
  start: Date.UTC(2027, 0, 15, 10),
  clocks: [0, 0, 0],
  ttlDays: 0,
  turnsPerMinute: 0,
  turnsAtOnce: 0,
  chats: [{ user: 'alice', openingKey: undefined, legacyBytes: 0 }],
  steps: [],
};

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

describe('the checks of a key that is used twice', () => {
  silenceLogs();
  const key = { key: 'open' };

  it('allow a run to lose its key to another one that has not begun yet', async () => {
    const first = turn({ 2: { kind: 'slow reply', milliseconds: 10_000 } }, { ...key, outcome: 'failed' });
    const second = turn({ 10: { kind: 'slow request', milliseconds: 10_000 } }, key);
    expect(await listKinds([first, { ...second, id: 2 }])).toEqual([]);
  });

  it('allow a process to begin again after its turn was ended as dead', async () => {
    const first = turn({ 1: { kind: 'freeze, then timeout', milliseconds: 60_000 } }, key);
    const second = turn({ 11: { kind: 'freeze, then reply', milliseconds: 60_000 } }, key);
    expect(await listKinds([first, { ...second, id: 2, at: 50_000, process: 1 }])).toEqual([]);
  });
});

describe('the checks of turns that a delete of all chats has stopped', () => {
  silenceLogs();
  const long = { agentMilliseconds: 50_000 };
  const deleteAll: Action = { do: 'delete all', user: 'alice' };
  const crash = { 8: { kind: 'crash after' } } as const;

  it('allow a key of a stopped turn to be refused', async () => {
    const key = { key: 'open' };
    const steps = [
      { ...turn({}, { ...key, ...long }), process: 2 },
      { ...toStep(6, 20_000, deleteAll), process: 2, faults: crash },
      // This one ends the turn of the process that has crashed.
      { ...turn({}, key), id: 8, at: 320_000 },
      { ...turn({}, key), id: 12, at: 322_000 },
    ];
    expect(await listKinds(steps)).toEqual([]);
  });

  it('allow another turn in the place of a turn that has lost its chat', async () => {
    const steps = [
      turn({}),
      { ...turn({}, { opens: false, ...long }), id: 5, at: 1_000 },
      toStep(7, 1_000, deleteAll),
      { ...turn({}), id: 9, at: 11_000 },
    ];
    const { findings } = await runSchedule({ ...SCHEDULE, turnsAtOnce: 1, steps });
    expect(findings).toEqual([]);
  });
});

describe('the checks of turns that are replaced', () => {
  silenceLogs();
  const edit = { ...turn({}, { opens: false, keptUntil: 1 }), id: 3, at: 2_000 };
  const read = toStep(4, 3_000, { do: 'read', user: 'alice', chat: 0, limit: 1_000 });
  const steps = [turn({}), { ...turn({}, { opens: false }), id: 2, at: 1_000 }, edit, read];

  /** The end of a turn replaces other turns than its begin has said. */
  function endingAs(replaces: number | undefined) {
    return (parts: ServiceParts): ServiceParts => {
      const endTurn: ServiceParts['endTurn'] = (user, begun, ...rest) =>
        parts.endTurn(user, begun.replaces === undefined ? begun : { ...begun, replaces }, ...rest);
      return { ...parts, endTurn };
    };
  }

  it('find old and new together, and neither of them', async () => {
    expect(await listKinds(steps)).toEqual([]);
    expect(await listKinds(steps, { alter: endingAs(undefined) })).toContain('replaced turn is shown');
    expect(await listKinds(steps, { alter: endingAs(1) })).toContain('lost turn');
  });
});

describe('the check of a schedule', () => {
  silenceLogs();

  it('finds calls without an end, and ends them', async () => {
    const judge = judgeOf({ write: 'recover turn', leftOut: 'attribute_not_exists(id)' });
    // A turn dies in it.
    const schedule = generateSchedule(3);
    expect((await runSchedule(schedule)).findings).toEqual([]);
    const { findings } = await runSchedule(schedule, { judge });
    expect(findings.map(({ kind }) => kind)).toContain('calls without an end');
  });
});

describe('the check of a list', () => {
  silenceLogs();

  it('knows a chat of the original system in which nobody has asked for a turn', async () => {
    const chats = [{ user: 'alice', openingKey: undefined, legacyBytes: 200 }];
    const list = toStep(1, 0, { do: 'list', user: 'alice', limit: 1 });
    const { findings } = await runSchedule({ ...SCHEDULE, chats, steps: [list] });
    expect(findings).toEqual([]);
  });
});

describe('known findings', () => {
  silenceLogs();
  const refused = {
    ...turn({ 0: { kind: 'delivered twice', milliseconds: 2_000 } }, { opens: false }),
    id: 3,
    at: 700,
    process: 1,
  };
  const running = { ...turn({}, { opens: false, agentMilliseconds: 2_000 }), id: 2, at: 600 };
  const schedule = { ...SCHEDULE, clocks: [0, 3_000, 0], steps: [turn({}), running, refused] };
  const finding = { kind: 'turn of a refused begin', text: '', step: 3 };

  it('have the cause that the schedule shows', async () => {
    const { findings } = await runSchedule(schedule);
    expect(findings).toContainEqual(expect.objectContaining({ kind: finding.kind, step: 3 }));
    expect(isKnown(finding, schedule)).toBe(true);
  });

  const other: readonly (readonly [string, Schedule, Finding])[] = [
    ['another kind', schedule, { ...finding, kind: 'doubled turn' }],
    ['no step', schedule, { ...finding, step: undefined }],
    ['clocks in step', { ...schedule, clocks: [0, 0, 0] }, finding],
    ['a clock that is behind', { ...schedule, clocks: [0, -3_000, 0] }, finding],
    [
      'a begin that is sent once and arrives once',
      { ...schedule, steps: [turn({}), running, { ...refused, faults: {} }] },
      finding,
    ],
    [
      'a begin that is sent twice',
      { ...schedule, steps: [turn({}), running, { ...refused, faults: { 0: { kind: 'reply lost' } } }] },
      finding,
    ],
  ];
  it.each(other)('have no other cause: %s', (_name, shortest, found) => {
    expect(isKnown(found, shortest)).toBe(false);
  });

  it('include a key of an expired chat, if DynamoDB removes the head before its begin arrives again', () => {
    const opening = { ...turn({ 1: { kind: 'delivered twice', milliseconds: 30_000 } }, { key: 'open' }), id: 2 };
    const removal = (which: 'heads' | 'turns'): Step => toStep(3, 10_000, { do: 'expire', which });
    const missing = { kind: 'turn of a begin that got 404', text: '', step: 2 };
    const withSteps = (...steps: readonly Step[]) => ({ ...SCHEDULE, ttlDays: 1, steps });
    expect(isKnown(missing, withSteps(turn({}), opening, removal('heads')))).toBe(true);
    expect(isKnown(missing, withSteps(turn({}), opening, removal('turns')))).toBe(false);
    expect(isKnown(missing, withSteps(turn({}), removal('heads'), opening))).toBe(false);
    expect(isKnown(missing, withSteps(turn({}), opening))).toBe(false);
  });
});

async function listKinds(steps: readonly Step[], options: RunOptions = {}): Promise<string[]> {
  const { findings } = await runSchedule({ ...SCHEDULE, steps }, options);
  return findings.map(({ kind }) => kind);
}

function turn(faults: Faults, changes: Partial<Action & { do: 'turn' }> = {}): Step {
  const action: Action = {
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
    ...changes,
  };
  return { ...toStep(1, 0, action), faults };
}

function toStep(id: number, at: number, action: Action): Step {
  return { id, at, process: 0, action, faults: {} };
}
