import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { settled } from '../../src/app.js';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { FaultyApp } from '../support/faulty-app.js';
import type { FaultChoice, StorageFault } from '../support/storage-faults.js';
import { itEachTogether } from '../support/together.js';

/** In milliseconds, below the time of one try. */
const LIMIT = 800;
const SLOW: StorageFault = { type: 'delay', milliseconds: 600 };
const LATE: StorageFault = { type: 'delay', milliseconds: 1_200 };
/** Without places that are freed, the next turn is 429. */
const ONE_AT_ONCE = { TURNS_AT_ONCE: '1' };

interface Case {
  readonly name: string;
  readonly faults: readonly (readonly [StorageFault, FaultChoice])[];
  readonly begins: number;
}

const CASES: readonly Case[] = [
  {
    name: 'takes its place slowly, and hangs in its begin',
    faults: [
      [SLOW, { steps: ['quota'], times: 1 }],
      [{ type: 'hang' }, { steps: ['begin'] }],
    ],
    // On a busy machine the SDK tries again before the limit.
    begins: 2,
  },
  { name: 'gets its place late', faults: [[LATE, { steps: ['quota'], times: 1 }]], begins: 0 },
  { name: 'begins late', faults: [[LATE, { steps: ['begin'], times: 1 }]], begins: 1 },
  {
    name: 'reads why it was refused, and that late',
    faults: [
      [{ type: 'reply lost' }, { steps: ['begin'], times: 1 }],
      [LATE, { commands: ['GetItemCommand'], times: 1 }],
    ],
    begins: 2,
  },
];

describe('a turn that does not begin in time', () => {
  itEachTogether(
    [...CASES.map((one) => ({ ...one, place: 'a chat' })), { ...CASES[2]!, place: 'a new chat' }],
    'is 503, leaves nothing and frees its place: $name, in $place',
    ({ faults, begins, place }) =>
      FaultyApp.use(async (own) => {
        const first = await own.first();
        Object.assign(own.app.nest.get(TurnTimes, { strict: false }), { begin: LIMIT });
        const before = own.faults.calls.length;
        for (const [fault, choice] of faults) own.faults.inject(fault, choice);
        const start = performance.now();
        const { status, headers } = await own.app.chat({
          prompt: 'late',
          ...(place === 'a chat' && { chat_id: first }),
        });
        expect(performance.now() - start).toBeLessThan(2 * LIMIT + 600);
        expect([status, headers['chat-id'], headers['turn-id']]).toEqual([503, undefined, undefined]);
        // A shutdown would wait for what goes on.
        await settled(own.app.nest);
        own.faults.clear();
        expect(own.faults.calls.slice(before).filter(({ step }) => step === 'begin').length).toBeLessThanOrEqual(
          begins,
        );
        await wait(LATE.type === 'delay' ? LATE.milliseconds : 0);
        Object.assign(own.app.nest.get(TurnTimes, { strict: false }), { begin: new TurnTimes().begin });
        expect((await own.app.chat({ prompt: 'third', chat_id: first })).status).toBe(200);
        expect((await own.historyOf(first)).map(([content]) => content)).toEqual([
          'first',
          'answer',
          'third',
          'answer',
        ]);
        const { body } = await own.app.list().expect(200);
        expect(body.chats).toHaveLength(1);
        expect(own.invocations()).toBe(2);
      }, ONE_AT_ONCE),
  );
});

describe('a turn with the usual limits', () => {
  it('is 503 within 5 s if its table hangs twice', () =>
    FaultyApp.use(async (own) => {
      own.faults.inject({ type: 'hang' }, { steps: ['quota'], times: 1 });
      own.faults.inject({ type: 'delay', milliseconds: 1_300 }, { steps: ['quota'], times: 1 });
      own.faults.inject({ type: 'hang' }, { steps: ['begin'] });
      const start = performance.now();
      expect((await own.app.chat({ prompt: 'late' })).status).toBe(503);
      // Without a limit it takes 6 s. The rest is for a busy machine.
      expect(performance.now() - start).toBeLessThan(5_600);
    }, ONE_AT_ONCE));
});
