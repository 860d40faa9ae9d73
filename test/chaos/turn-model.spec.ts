import { beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { useChatStore } from '../support/chat-store.js';
import { ComparedChat, type Length, OPENING_KEY } from '../support/compared-chat.js';
import { seededRandom } from '../support/seeded-random.js';
import type { StorageFault } from '../support/storage-faults.js';
import type { TurnOutcome } from '../../src/chat/model/chat.js';

type Step =
  | { readonly do: 'begin' | 'turn'; readonly key: string | undefined; readonly otherPrompt: boolean }
  | { readonly do: 'supersede'; readonly key: string | undefined; readonly isDead: boolean }
  | {
      readonly do: 'complete';
      readonly which: number;
      readonly status: TurnOutcome['status'];
      readonly length: Length;
    }
  | { readonly do: 'release' | 'resume'; readonly which: number }
  | { readonly do: 'delete'; readonly stops: boolean }
  | { readonly do: 'crash' | 'give up' | 'stop' };

const keys = fc.constantFrom(undefined, 'a', 'b', OPENING_KEY);
const status = fc.constantFrom('done', 'partial', 'stopped', 'failed' as const);
const length = fc
  .integer({ min: 1, max: 12 })
  .map((drawn): Length => (drawn === 1 ? 'large' : drawn < 4 ? 'none' : 'short'));
const rarely = (weight: number) => fc.integer({ min: 1, max: weight }).map((drawn) => drawn === 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin'), key: keys, otherPrompt: rarely(8) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn'), key: keys, otherPrompt: rarely(8) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('complete'), which: fc.nat(), status, length }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('supersede'), key: keys, isDead: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release'), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('give up') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('resume'), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), stops: fc.boolean() }) },
) as fc.Arbitrary<Step>;

/** A turn dies and is repeated with its key. Then its first run completes while the second run is running. */
const KEY_TAKEN_THEN_LATE: Step[] = [
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'crash' },
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'resume', which: 1 },
  { do: 'complete', which: 0, status: 'done', length: 'short' },
  { do: 'resume', which: 1 },
  { do: 'complete', which: 0, status: 'done', length: 'short' },
  { do: 'resume', which: 2 },
  { do: 'release', which: 0 },
  { do: 'begin', key: 'a', otherPrompt: false },
];

/** A stopped turn whose key is repeated, and whose late reply is added while the next turn runs. */
const STOPPED_THEN_LATE: Step[] = [
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'stop' },
  { do: 'supersede', key: 'b', isDead: true },
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'complete', which: 0, status: 'done', length: 'large' },
  { do: 'resume', which: 1 },
  { do: 'supersede', key: 'b', isDead: false },
  { do: 'supersede', key: undefined, isDead: false },
  { do: 'turn', key: 'b', otherPrompt: false },
];

async function doStep(chat: ComparedChat, next: Step): Promise<void> {
  switch (next.do) {
    case 'begin':
      await chat.begin(next.key, next);
      return;
    case 'supersede':
      await chat.begin(next.key, { supersedes: next.isDead ? 'dead' : 'living' });
      return;
    case 'turn':
      if (!(await chat.begin(next.key, next))) return;
      await chat.complete(chat.newest, 'done');
      return;
    case 'complete':
      return chat.complete(next.which, next.status, next.length);
    case 'release':
      return chat.release(next.which);
    case 'resume':
      return chat.resume(next.which);
    case 'crash':
      return chat.crash();
    case 'give up':
      return chat.giveUp();
    case 'stop':
      return chat.stop();
    case 'delete':
      return chat.delete(next.stops);
  }
}

/** `TEST_RUNS=1200` runs more than 10,000 commands. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 15);
const WRITES = ['begin', 'complete', 'release', 'recover', 'stop', 'delete'] as const;
const EXAMPLES: [Step[], TurnOutcome['status'], boolean, number][] = [
  [KEY_TAKEN_THEN_LATE, 'done', false, 0],
  [STOPPED_THEN_LATE, 'done', false, 0],
];

describe('any sequence of begins, stops, resumes, ends, crashes, repetitions, late completions and deletes', () => {
  const store = useChatStore();
  let chats = 0;

  beforeAll(() => {
    store.clock.longest = 1;
  });

  /** Delivers a quarter of all writes twice, or once and late. */
  function repeatWrites(seed: number): void {
    const random = seededRandom(seed);
    let type: 'redelivery' | 'late' = 'redelivery';
    function repetition(): StorageFault {
      // The SDK tries each call twice.
      type = type === 'redelivery' && random() < 0.5 ? 'late' : 'redelivery';
      return { type, after: { calls: 1 + Math.floor(random() * 30) } };
    }
    store.faults.inject(repetition, { steps: WRITES, chance: { probability: 0.25, random } });
  }

  it(
    'gives the same chat as a model in memory',
    async () => {
      const seeds = fc.nat();
      const sequence = fc.array(step, { minLength: 4, maxLength: 14, size: 'max' });
      await fc.assert(
        fc.asyncProperty(sequence, status, fc.boolean(), seeds, async (steps, first, hasLegacy, seed) => {
          if (seed > 0) repeatWrites(seed);
          const chat = new ComparedChat(store, `user-${(chats += 1)}`);
          await chat.begin(OPENING_KEY);
          await chat.complete(0, first);
          await chat.release(0);
          const legacy = hasLegacy ? [['before', 'the move']] : [];
          if (hasLegacy) {
            const messages = [
              { role: 'user', content: 'before' },
              { role: 'assistant', content: 'the move' },
            ];
            await chat.setOnHead('messages', messages);
          }
          for (const next of steps) {
            await doStep(chat, next);
            await chat.compare(legacy);
          }
          store.faults.clear();
          await store.faults.deliverRest();
          await chat.compare(legacy);
        }),
        { numRuns: RUNS, endOnFailure: false, examples: EXAMPLES },
      );
    },
    RUNS * 8_000,
  );
});
