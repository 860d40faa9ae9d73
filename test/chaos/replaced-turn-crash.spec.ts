import { describe, expect, it } from '@jest/globals';
import { readHead, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { StorageFault } from '../support/storage-faults.js';
import { done, MEMORY, stopped, toTexts, TurnRunner } from '../support/turn-runner.js';

/** At which call the process dies. A turn and a mark make 12 calls at most. */
const CRASHES = Array.from({ length: 13 }, (_, call) => call);
/** The newest turn of a chat whose head is full. */
const FILLED = 40;
/** Two items. */
const LONG = 'x'.repeat(400_000);
const STEPS = ['begin', 'complete', 'release', 'recover', 'hide', 'stop'] as const;
/** After so many calls a write arrives again. The last one waits for `deliverRest`. */
const DELAYS = [1, 2, 3, 5, 8, 13, 1000];
/** How many repetitions of each write are tried. `TEST_RUNS=15` tries all. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 1);
const REPETITIONS: StorageFault[] = [
  { type: 'redelivery', after: 'at once' },
  ...DELAYS.flatMap((calls): StorageFault[] => [
    { type: 'redelivery', after: { calls } },
    { type: 'late', after: { calls } },
  ]),
];

describe('a process that replaces turns', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** A chat whose head has no room for one more range. @returns its id. */
  async function fillHead(): Promise<string> {
    const { chat } = await alice.turn('first');
    await alice.turn('gone', chat.id);
    await setOnHead(store, chat.id, { turns: FILLED, hidden: Array(16).fill(2).join() });
    for (const prompt of ['two', 'three']) await alice.turn(prompt, chat.id);
    return chat.id;
  }

  it.each(CRASHES)('leaves the old or the new, before and after recovery, if it dies at any call: %i', async (call) => {
    const chatId = await fillHead();
    const old = await alice.readTurns(chatId);
    expect(old).toHaveLength(3);
    store.faults.inject({ type: 'refused' }, { skip: call });
    await alice
      .replace('new', chatId, FILLED + 2)
      .then((turn) => alice.end(turn, done(LONG)))
      .catch(() => undefined);
    // What cancels an attempt in the background dies too.
    await new Promise((resume) => setTimeout(resume, 20));
    store.faults.clear();
    const renewed = [...old.slice(0, 2), ['new', LONG]];
    const possible = [old, [...old, ['new:pending']], renewed];
    const before = await alice.readTurns(chatId);
    expect(possible).toContainEqual(before);
    if ((await readHead(store, chatId))?.['open']) await setOnHead(store, chatId, { 'open.until': Date.now() - 1 });
    const expected = before.at(-1)?.[0] === 'new:pending' ? [...old, ['new:failed']] : before;
    expect(await alice.readTurns(chatId)).toEqual(expected);
    await alice.turn('next', chatId);
    expect(await alice.readTurns(chatId)).toEqual([...expected, ['next', 're next']]);
    const { turns } = await store.history.getPage('alice', chatId, { before: FILLED + 3, limit: 100 });
    expect(toTexts(turns)).toEqual(expected.filter(([prompt]) => !prompt?.startsWith('new')));
  });

  /** Runs every write of turns that replace others, in a chat whose head is full. */
  async function converse(chatId: string): Promise<void> {
    // The first range is marked.
    await alice.end(await alice.replace('four', chatId, FILLED + 2));
    // Dead, with an answer: it is recovered.
    const five = await alice.replace('five', chatId, FILLED + 3);
    await store.chats.complete('alice', five, done('re five'));
    // Dead, without an answer: it completes late, and hides nothing.
    const late = await alice.replace('six', chatId, FILLED + 4);
    await setOnHead(store, chatId, { 'open.until': Date.now() - 1 });
    const seven = await alice.begin('seven', chatId);
    await store.chats.complete('alice', late, done('re six'));
    await store.chats.release('alice', late, { number: late.number, hasReply: true, rememberedBy: MEMORY.agent });
    await alice.end(seven);
    // Stopped.
    const eight = await alice.replace('eight', chatId, FILLED + 6);
    await store.stops.stop('alice', chatId);
    await alice.end(eight, stopped('half'));
  }

  const EXPECTED = [
    ['first', 're first'],
    ['two', 're two'],
    ['five', 're five'],
    ['six', 're six'],
    ['eight', 'half:stopped'],
  ];

  it(
    'is the same whichever write arrives twice or late, after each other one',
    async () => {
      const first = await fillHead();
      const before = store.faults.calls.length;
      await converse(first);
      expect(await alice.readTurns(first)).toEqual(EXPECTED);
      const writes = store.faults.calls.slice(before).filter(({ step }) => STEPS.includes(step as never)).length;
      expect(store.faults.calls.slice(before).some(({ step }) => step === 'hide')).toBe(true);
      for (let index = 0; index < writes; index += 1) {
        for (let run = 0; run < RUNS; run += 1) {
          const fault = REPETITIONS[(index + run * 7) % REPETITIONS.length]!;
          const chatId = await fillHead();
          store.faults.inject(fault, { steps: STEPS, skip: index, times: 1 });
          await converse(chatId);
          await store.faults.deliverRest();
          store.faults.clear();
          expect([index, fault, await alice.readTurns(chatId)]).toEqual([index, fault, EXPECTED]);
        }
      }
    },
    RUNS * 60_000,
  );
});
