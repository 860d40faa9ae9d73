import { beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { useChatStore } from '../support/chat-store.js';
import { ComparedChat, type Length, OPENING_KEY } from '../support/compared-chat.js';
import { seededRandom } from '../support/seeded-random.js';
import type { StorageFault } from '../support/storage-faults.js';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import type { Replacement } from '../../src/chat/model/turn.js';

/** Who has opened the chat: a key of the user, or the user by an id; or it has a turn of the original system. */
type Kind = 'keyed' | 'named' | 'original';
const kinds = fc.constantFrom<Kind[]>('keyed', 'named', 'original');

type Step =
  | { readonly do: 'begin' | 'turn'; readonly key: string | undefined; readonly otherPrompt: boolean }
  | {
      readonly do: 'replace';
      readonly key: string | undefined;
      readonly replacement: Replacement;
      readonly ends: boolean;
    }
  | { readonly do: 'supersede'; readonly key: string | undefined; readonly isDead: boolean }
  | {
      readonly do: 'complete';
      readonly which: number;
      readonly status: TurnOutcome['status'];
      readonly length: Length;
    }
  | { readonly do: 'release' | 'resume'; readonly which: number }
  | { readonly do: 'delete'; readonly stops: boolean }
  | { readonly do: 'crash' | 'give up' | 'stop' | 'expire' | 'forget' };

const keys = fc.constantFrom(undefined, 'a', 'b', OPENING_KEY);
const status = fc.constantFrom('done', 'partial', 'stopped', 'failed' as const);
const length = fc
  .integer({ min: 1, max: 12 })
  .map((drawn): Length => (drawn === 1 ? 'large' : drawn < 4 ? 'none' : 'short'));
const rarely = (weight: number) => fc.integer({ min: 1, max: weight }).map((drawn) => drawn === 1);
const number = fc.integer({ min: -1, max: 8 });
const replacement: fc.Arbitrary<Replacement> = fc.oneof(
  fc.record({ kind: fc.constant('from'), number, role: fc.constant('user') }),
  fc.record({ kind: fc.constant('after'), numbers: fc.array(number, { maxLength: 3 }) }),
) as fc.Arbitrary<Replacement>;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin'), key: keys, otherPrompt: rarely(8) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn'), key: keys, otherPrompt: rarely(8) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('replace'), key: keys, replacement, ends: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('complete'), which: fc.nat(), status, length }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('supersede'), key: keys, isDead: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release'), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('give up') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('resume'), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), stops: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('forget') }) },
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

/** A turn that replaces others dies, is repeated with its key, and completes late. Then its answer is replaced. */
const REPLACED_THEN_LATE: Step[] = [
  { do: 'turn', key: undefined, otherPrompt: false },
  { do: 'release', which: 0 },
  { do: 'replace', key: 'a', replacement: { kind: 'from', number: 1, role: 'user' }, ends: false },
  { do: 'crash' },
  { do: 'replace', key: 'a', replacement: { kind: 'from', number: 1, role: 'user' }, ends: true },
  { do: 'complete', which: 0, status: 'done', length: 'short' },
  { do: 'replace', key: undefined, replacement: { kind: 'after', numbers: [2, 0] }, ends: true },
  { do: 'release', which: 0 },
  { do: 'replace', key: 'a', replacement: { kind: 'from', number: 1, role: 'user' }, ends: true },
];

/** A chat is deleted, and opened again after it is forgotten. Then it expires. */
const REOPENED: Step[] = [
  { do: 'replace', key: undefined, replacement: { kind: 'after', numbers: [] }, ends: true },
  { do: 'release', which: 0 },
  { do: 'delete', stops: true },
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'forget' },
  { do: 'turn', key: 'a', otherPrompt: false },
  { do: 'release', which: 0 },
  { do: 'replace', key: 'b', replacement: { kind: 'from', number: 1, role: 'user' }, ends: true },
  { do: 'release', which: 0 },
  { do: 'expire' },
  { do: 'begin', key: 'a', otherPrompt: false },
  { do: 'forget' },
  { do: 'replace', key: 'b', replacement: { kind: 'after', numbers: [1] }, ends: true },
];

async function doStep(chat: ComparedChat, next: Step): Promise<void> {
  switch (next.do) {
    case 'begin':
      await chat.begin(next.key, next);
      return;
    case 'supersede':
      await chat.begin(next.key, { supersedes: next.isDead ? 'dead' : 'living' });
      return;
    case 'replace':
      if ((await chat.begin(next.key, next)) && next.ends) await chat.complete(chat.newest, 'done');
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
    case 'expire':
      return chat.expireChat();
    case 'forget':
      return chat.forget();
  }
}

/** `TEST_RUNS=1200` runs more than 10,000 commands. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 15);
const WRITES = ['begin', 'complete', 'release', 'recover', 'hide', 'stop', 'delete'] as const;
const EXAMPLES: [Step[], TurnOutcome['status'], Kind, number][] = [
  [KEY_TAKEN_THEN_LATE, 'done', 'keyed', 0],
  [STOPPED_THEN_LATE, 'done', 'keyed', 0],
  [REPLACED_THEN_LATE, 'done', 'original', 0],
  [REOPENED, 'done', 'named', 0],
];

describe('any sequence of begins, replacements, stops, resumes, ends, crashes, repetitions and deletes', () => {
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
        fc.asyncProperty(sequence, status, kinds, seeds, async (steps, first, kind, seed) => {
          if (seed > 0) repeatWrites(seed);
          chats += 1;
          const chat = new ComparedChat(store, `user-${chats}`, kind === 'named' ? `named-${chats}` : undefined);
          await chat.begin(OPENING_KEY);
          await chat.complete(0, first);
          await chat.release(0);
          if (kind === 'original') await chat.addLegacyTurn('before', 'the move');
          for (const next of steps) {
            await doStep(chat, next);
            await chat.compare();
          }
          store.faults.clear();
          await store.faults.deliverRest();
          await chat.compare();
        }),
        { numRuns: RUNS, endOnFailure: false, examples: EXAMPLES },
      );
    },
    RUNS * 8_000,
  );
});
