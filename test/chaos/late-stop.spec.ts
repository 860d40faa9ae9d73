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
const LONG = 'x'.repeat(300_001);

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

  /** A part of a chat, and the turns that it leaves. Together the scenes have every write of a stop. */
  interface Scene {
    readonly turns: readonly (readonly string[])[];
    readonly run: (chatId: string) => Promise<unknown>;
  }

  const SCENES: readonly Scene[] = [
    {
      // Dead: it is ended for the next turn, and completes late.
      turns: [['dead', `${LONG}:stopped`], ['after dead', 're after dead']], // prettier-ignore
      run: async (chatId) => {
        const dead = await alice.begin('dead', chatId);
        await store.stops.stop('alice', chatId);
        const next = await alice.supersede('after dead', chatId);
        const { number } = await store.chats.complete('alice', dead, done(LONG));
        await store.chats.release('alice', dead, { number, rememberedBy: MEMORY.agent });
        await alice.end(next);
      },
    },
    {
      // Stopped by a user.
      turns: [['told', 'half:stopped']],
      run: async (chatId) => {
        const told = await alice.begin('told', chatId);
        await store.stops.stop('alice', chatId);
        await alice.end(told, stopped('half'));
      },
    },
    {
      // Superseded, and ends by itself.
      turns: [['superseded:stopped'], ['its next', 're its next']], // prettier-ignore
      run: async (chatId) => {
        const superseded = await alice.begin('superseded', chatId);
        let ending: Promise<unknown> | undefined;
        const onStop = () => void (ending = alice.end(superseded, stopped()));
        const next = await alice.supersede('its next', chatId, { onStop });
        await ending;
        await alice.end(next);
      },
    },
    {
      // Stored, but not released.
      turns: [['stored', 'whole'], ['after stored', 're after stored']], // prettier-ignore
      run: async (chatId) => {
        const stored = await alice.begin('stored', chatId);
        await store.chats.complete('alice', stored, done('whole'));
        await alice.end(await alice.supersede('after stored', chatId));
      },
    },
  ];

  /** Opens a chat and plays scenes in it. @returns its id. */
  async function play(scenes: readonly Scene[]): Promise<string> {
    const { id } = (await alice.turn('one')).chat;
    for (const { run } of scenes) await run(id);
    return id;
  }

  it(
    'is the same whichever write arrives twice or late, after each other one',
    async () => {
      store.clock.longest = 1;
      const expected = [['one', 're one'], ...SCENES.flatMap(({ turns }) => turns)];
      const before = store.faults.calls.length;
      await play(SCENES);
      const writes = store.faults.calls.slice(before).filter(({ step }) => STEPS.some((name) => name === step)).length;
      expect(writes).toBeGreaterThan(20);
      const repeatedBefore = store.faults.repeated.length;
      for (let skip = 0; skip < writes; skip += 1) {
        for (let run = 0; run < RUNS; run += 1) {
          const repetition = REPETITIONS[(skip + run) % REPETITIONS.length]!;
          store.faults.inject(repetition, { steps: STEPS, skip, times: 1 });
          const chatId = await play(SCENES);
          store.faults.clear();
          await store.faults.deliverRest();
          expect([skip, repetition, await alice.readTurns(chatId)]).toEqual([skip, repetition, expected]);
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
    await expectNothingLeft(SCENES);
    expect(store.faults.repeated.length - repeatedBefore).toBeGreaterThan(20);
  });

  it.each(STEPS)('leaves nothing when it is deleted, if a %s arrives late after that', async (step) => {
    const repeatedBefore = store.faults.repeated.length;
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: [step], skip: 1, times: 1 });
    await expectNothingLeft(SCENES.slice(0, 2));
    expect(store.faults.repeated.length - repeatedBefore).toBe(1);
  });

  async function expectNothingLeft(scenes: readonly Scene[]): Promise<void> {
    const chatId = await play(scenes);
    store.faults.clear();
    await store.deletion.delete('alice', chatId);
    await store.faults.deliverRest();
    expect(await readRemains(store, chatId)).toEqual([]);
  }
});
