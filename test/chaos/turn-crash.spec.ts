import { describe, expect, it } from '@jest/globals';
import type { StorageFault } from '../support/storage-faults.js';
import { readHead, readItems, readRemains, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, MEMORY, TurnRunner } from '../support/turn-runner.js';
import { hasBegun } from '../../src/chat/model/turn.js';

/** Two items. */
const LARGE = 'x'.repeat(300_001);

/** How far a turn came before its process died. */
type Progress = 'nothing' | 'begun' | 'completed' | 'released';

/** The calls of some work, in order: `r` for a read, `w` for a write. */
type Calls = string;

/**
 * Lists at which call the process dies, and whether that call arrives. A read changes nothing, so it does not matter
 * whether it arrives. The last point comes after all calls.
 */
function listCrashes(calls: Calls) {
  const points = [...calls].flatMap((kind, call) => [
    { call, arrives: false, after: undefined },
    ...(kind === 'w' ? [{ call, arrives: true, after: undefined }] : []),
  ]);
  return [...points, { call: calls.length, arrives: false, after: calls }];
}

describe('a process that dies at any call to the table', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** Runs a turn with a large reply, unless its key has a reply, and notes its progress. */
  async function runLargeTurn(prompt: string, chatId: string, key?: string): Promise<void> {
    const turn = await alice.attempt(prompt, chatId, key);
    if (!hasBegun(turn)) return;
    reached = 'begun';
    const { number } = await store.chats.complete('alice', turn, done(LARGE));
    reached = 'completed';
    await store.chats.release('alice', turn, { number, rememberedBy: MEMORY.agent });
    reached = 'released';
  }
  let reached: Progress = 'nothing';

  /** Runs `work` in a process that dies at a call. @returns the progress of its turn. */
  async function crash(
    { call, arrives, after }: ReturnType<typeof listCrashes>[number],
    work: () => Promise<unknown>,
  ): Promise<Progress> {
    reached = 'nothing';
    if (arrives) store.faults.inject({ type: 'reply lost' }, { skip: call, times: 1 });
    store.faults.inject({ type: 'refused' }, { skip: call });
    const before = store.faults.calls.length;
    const end = await work().catch(() => 'died');
    expect(end !== 'died').toBe(after !== undefined);
    const calls = store.faults.calls.slice(before).map(({ step }) => (step === 'read' ? 'r' : 'w'));
    if (after !== undefined) expect(calls.join('')).toBe(after);
    // What cancels an attempt in the background dies too.
    await new Promise((resume) => setTimeout(resume, 20));
    store.faults.clear();
    return reached;
  }

  /** Expires the lease of the turn that holds the chat, if there is one. */
  async function expireLease(chatId: string): Promise<void> {
    const head = await readHead(store, chatId);
    if (head?.['open']) await setOnHead(store, chatId, { 'open.until': Date.now() - 1 });
  }

  it.each(listCrashes('wrrwwwwwww'))(
    'leaves a chat that continues, when it was recovering a dead turn: %o',
    async (point) => {
      const chatId = (await alice.turn('one')).chat.id;
      await alice.beginLongAgo('two', chatId);
      const progress = await crash(point, () => runLargeTurn('three', chatId));
      await expireLease(chatId);
      await alice.turn('four', chatId);
      const [one, two, ...rest] = await alice.readTurns(chatId);
      expect([one, two]).toEqual([['one', 're one'], ['two:failed']]);
      expect(rest.pop()).toEqual(['four', 're four']);
      const replied = [['three', LARGE]];
      const unreplied = [['three:failed']];
      const possible = {
        nothing: [[], unreplied],
        begun: [unreplied, replied],
        completed: [replied],
        released: [replied],
      };
      expect(possible[progress]).toContainEqual(rest);
    },
  );

  it.each(listCrashes('wrrwwwww'))(
    'leaves a key that gets one reply, when it was taking the key over: %o',
    async (point) => {
      const chatId = (await alice.turn('one')).chat.id;
      await alice.end(await alice.begin('two', chatId, 'key'), failed);
      const progress = await crash(point, () => runLargeTurn('two', chatId, 'key'));
      await expireLease(chatId);
      await runLargeTurn('two', chatId, 'key');
      const [one, two, ...rest] = await alice.readTurns(chatId);
      expect([one, two]).toEqual([['one', 're one'], ['two:failed']]);
      expect(rest.pop()).toEqual(['two', LARGE]);
      expect([[], [['two:failed']]]).toContainEqual(rest);
      if (progress === 'completed' || progress === 'released') expect(rest).toEqual([]);
      expect(await alice.attempt('two', chatId, 'key')).toMatchObject({ chatId, message: { content: LARGE } });
    },
  );

  it.each(listCrashes('rrwwwrwrwrw'))(
    'leaves a chat that can be deleted, when it was deleting it: %o',
    async (point) => {
      const chatId = (await alice.end(await alice.begin('one'), done(LARGE))).chat.id;
      await alice.beginLongAgo('two', chatId);
      await crash(point, () => store.deletion.delete('alice', chatId));
      await store.deletion.delete('alice', chatId).catch((error: unknown) => {
        expect(error).toMatchObject({ kind: 'not-found' });
      });
      expect(await readItems(store, chatId)).not.toEqual([]);
      expect(await readRemains(store, chatId)).toEqual([]);
    },
  );

  it.each([
    ['has ended', undefined],
    ['has ended', 'key'],
    ['runs', undefined],
    ['runs', 'key'],
  ] as const)('keeps one prompt, if it stood still in a begin and another turn %s: key %s', async (progress, key) => {
    const chatId = (await alice.turn('one')).chat.id;
    const other = () => (progress === 'runs' ? alice.begin('two', chatId) : alice.turn('two', chatId));
    const whileItStandsStill = (): StorageFault => ({ type: 'wait', until: other() });
    store.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 1 });
    store.faults.inject(whileItStandsStill, { steps: ['begin'], times: 1 });
    const late = await alice.beginLongAgo('late', chatId, key);
    store.faults.clear();
    const two = progress === 'runs' ? ['two:pending'] : ['two', 're two'];
    expect(await alice.readTurns(chatId)).toEqual([['one', 're one'], ['late:failed'], two]);
    await alice.end(late, failed);
    expect(await alice.readTurns(chatId)).toEqual([['one', 're one'], ['late:failed'], two]);
  });
});
