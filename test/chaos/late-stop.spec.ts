import { describe, expect, it } from '@jest/globals';
import { readHead, readRemains } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { StorageFault } from '../support/storage-faults.js';
import { done, MEMORY, stopped, TurnRunner } from '../support/turn-runner.js';

/** Writes of stops and ends. A begin that is refused and arrives again is another matter. */
const STEPS = ['stop', 'recover', 'complete', 'release'] as const;
/** After so many calls a write arrives again. The last one waits for `deliverRest`. */
const DELAYS = [1, 2, 3, 5, 8, 13, 1000];
/** How many repetitions of each write are tried. `TEST_RUNS=15` tries all. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 1);
/** Two items. */
const LONG = 'x'.repeat(400_000);

const REPETITIONS: StorageFault[] = [
  { type: 'redelivery', after: 'at once' },
  ...DELAYS.flatMap((calls): StorageFault[] => [
    { type: 'redelivery', after: { calls } },
    { type: 'late', after: { calls } },
  ]),
];

describe('a chat whose turns are stopped and superseded', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** Runs every write of a stop. @returns the chat's id. */
  async function converse(): Promise<string> {
    const { chat } = await alice.turn('one');
    // Dead: it is ended for the next turn, and completes late.
    const two = await alice.begin('two', chat.id);
    await store.stops.stop('alice', chat.id);
    const three = await alice.supersede('three', chat.id);
    await store.chats.complete('alice', two, done(LONG));
    await store.chats.release('alice', two, { number: 2, rememberedBy: MEMORY.agent });
    await alice.end(three);
    // Stopped by a user.
    const four = await alice.begin('four', chat.id);
    await store.stops.stop('alice', chat.id);
    await alice.end(four, stopped('half'));
    // Superseded, and ends by itself.
    const five = await alice.begin('five', chat.id);
    let ending: Promise<unknown> | undefined;
    const onStop = () => void (ending = alice.end(five, stopped()));
    const six = await alice.supersede('six', chat.id, { onStop });
    await ending;
    await alice.end(six);
    // Stored, but not released.
    const seven = await alice.begin('seven', chat.id);
    await store.chats.complete('alice', seven, done('whole'));
    await alice.end(await alice.supersede('eight', chat.id));
    return chat.id;
  }

  const EXPECTED = [
    ['one', 're one'],
    ['two', `${LONG}:stopped`],
    ['three', 're three'],
    ['four', 'half:stopped'],
    ['five:stopped'],
    ['six', 're six'],
    ['seven', 'whole'],
    ['eight', 're eight'],
  ];

  it(
    'is the same whichever write arrives twice or late, after each other one',
    async () => {
      store.clock.longest = 1;
      const before = store.faults.calls.length;
      await converse();
      const writes = store.faults.calls.slice(before).filter(({ step }) => STEPS.some((name) => name === step)).length;
      expect(writes).toBeGreaterThan(20);
      const repeatedBefore = store.faults.repeated.length;
      for (let skip = 0; skip < writes; skip += 1) {
        for (let run = 0; run < RUNS; run += 1) {
          const repetition = REPETITIONS[(skip + run) % REPETITIONS.length]!;
          store.faults.inject(repetition, { steps: STEPS, skip, times: 1 });
          const chatId = await converse();
          store.faults.clear();
          await store.faults.deliverRest();
          expect([skip, repetition, await alice.readTurns(chatId)]).toEqual([skip, repetition, EXPECTED]);
          expect(await readHead(store, chatId)).not.toHaveProperty('open');
        }
      }
      expect(store.faults.repeated.length - repeatedBefore).toBe(writes * RUNS);
    },
    RUNS * 120_000,
  );

  it('leaves nothing when it is deleted, if all its writes arrive again after that', async () => {
    const repeatedBefore = store.faults.repeated.length;
    store.faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: STEPS });
    await expectNothingLeft();
    expect(store.faults.repeated.length - repeatedBefore).toBeGreaterThan(20);
  });

  it('leaves nothing when it is deleted, whichever write arrives late after that', async () => {
    for (let skip = 1; skip < 24; skip += 2) {
      store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: STEPS, skip, times: 1 });
      await expectNothingLeft();
    }
  });

  async function expectNothingLeft(): Promise<void> {
    const chatId = await converse();
    store.faults.clear();
    await store.deletion.delete('alice', chatId);
    await store.faults.deliverRest();
    expect(await readRemains(store, chatId)).toEqual([]);
  }
});
