import { describe, expect, it } from '@jest/globals';
import { headOf, itemsOf, setAttribute } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import { done, failed, TurnRunner } from '../support/turn-runner.js';
import { hasBegun } from '../../src/chat/model/turn.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';

const LARGE = 'x'.repeat(400_000);

/** How far a turn came before its process died. */
type Progress = 'nothing' | 'begun' | 'completed' | 'released';

/** Which call to the table is the last, and whether it still arrives. */
const CRASHES = Array.from({ length: 11 }, (_crash, call) => [
  { call, arrives: false },
  { call, arrives: true },
]).flat();

describe('a process that dies at any call to the table', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');

  /** A turn with a large answer, unless it was answered before, that tells how far it has come. */
  async function largeTurn(prompt: string, chatId: string, key?: string): Promise<void> {
    const turn = await alice.attempt(prompt, chatId, key);
    if (!hasBegun(turn)) return;
    reached = 'begun';
    const { number } = await store.chats.complete('alice', turn, done(LARGE));
    reached = 'completed';
    await store.chats.release('alice', turn, { number, isDone: true });
    reached = 'released';
  }
  let reached: Progress = 'nothing';

  /** Runs `work`, which dies at a call. @returns how far its turn came. */
  async function dying({ call, arrives }: (typeof CRASHES)[number], work: () => Promise<unknown>): Promise<Progress> {
    reached = 'nothing';
    if (arrives) store.faults.inject({ type: 'reply lost' }, { skip: call, times: 1 });
    store.faults.inject({ type: 'refused' }, { skip: call });
    await work().catch(() => undefined);
    // A begin is let go in the background: it dies as well.
    await new Promise((resume) => setTimeout(resume, 20));
    store.faults.clear();
    return reached;
  }

  /** The lease of the turn that holds the chat runs out, if there is one. */
  async function leaseRunsOut(chatId: string): Promise<void> {
    const head = await headOf(store, chatId);
    if (head?.['open']) await setAttribute(store, headKey('alice', chatId), 'open.until', Date.now() - 1);
  }

  it.each(CRASHES)('leaves a chat that goes on, after clearing a dead turn away: %o', async (crash) => {
    const chatId = (await alice.turn('one')).chat.id;
    await alice.beginLongAgo('two', chatId);
    const progress = await dying(crash, () => largeTurn('three', chatId));
    await leaseRunsOut(chatId);
    await alice.turn('four', chatId);
    const [one, two, ...rest] = await alice.turnsOf(chatId);
    expect([one, two]).toEqual([['one', 're one'], ['two:failed']]);
    expect(rest.pop()).toEqual(['four', 're four']);
    const answered = [['three', LARGE]];
    const unanswered = [['three:failed']];
    const possible = {
      nothing: [[], unanswered],
      begun: [unanswered, answered],
      completed: [answered],
      released: [answered],
    };
    expect(possible[progress]).toContainEqual(rest);
  });

  it.each(CRASHES)('leaves a key that is answered once, after taking it over: %o', async (crash) => {
    const chatId = (await alice.turn('one')).chat.id;
    await alice.end(await alice.begin('two', chatId, 'key'), failed);
    const progress = await dying(crash, () => largeTurn('two', chatId, 'key'));
    await leaseRunsOut(chatId);
    await largeTurn('two', chatId, 'key');
    const [one, unanswered, ...rest] = await alice.turnsOf(chatId);
    expect([one, unanswered]).toEqual([['one', 're one'], ['two:failed']]);
    expect(rest.pop()).toEqual(['two', LARGE]);
    expect([[], [['two:failed']]]).toContainEqual(rest);
    if (progress === 'completed' || progress === 'released') expect(rest).toEqual([]);
    expect(await alice.attempt('two', chatId, 'key')).toMatchObject({ chatId, message: { content: LARGE } });
  });

  it.each(CRASHES)('leaves a chat that can be deleted to the end: %o', async (crash) => {
    const chatId = (await alice.end(await alice.begin('one'), done(LARGE))).chat.id;
    await alice.beginLongAgo('two', chatId);
    await dying(crash, () => store.deletion.delete('alice', chatId));
    await store.deletion.delete('alice', chatId).catch((error: unknown) => {
      expect(error).toMatchObject({ kind: 'not-found' });
    });
    const names = (await itemsOf(store, chatId)).map((item) => Object.keys(item).toSorted().join());
    expect([...new Set(names)]).toEqual(['deleted_at,expires_at,id,user_id']);
  });
});
