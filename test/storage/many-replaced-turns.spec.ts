import { describe, expect, it } from '@jest/globals';
import type { HistoryPage } from '../../src/chat/model/chat.js';
import { TurnSupersededError } from '../../src/chat/model/chat.errors.js';
import { itemBytes } from '../../bench/billing.js';
import { readHead, readItems, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, toTexts, TurnRunner } from '../support/turn-runner.js';

/** More ranges than a head has room for. */
const MANY = 18;
/** 16 ranges of one turn each, from turn 2 on, and a number behind them. */
const FULL = Array(16).fill(2).join();
const FILLED = 40;

describe('a chat with many turns that were replaced', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** Runs turns, each of which is regenerated. @returns the chat's id. */
  async function regenerate(turns: number, chatId?: string): Promise<string> {
    const { chat } = await alice.turn('old', chatId);
    const number = Number((await readHead(store, chat.id))?.['turns']);
    await alice.end(await alice.replace(`new ${(number + 1) / 2}`, chat.id, number));
    return turns === 1 ? chat.id : regenerate(turns - 1, chat.id);
  }
  const expected = (turns: number) =>
    Array.from({ length: turns }, (_, index) => [`new ${index + 1}`, `re new ${index + 1}`]);
  const countMarks = async (chatId: string) =>
    (await readItems(store, chatId)).filter((item) => item['hidden'] === true).length;

  /** A chat whose head has no room for one more range. Its second turn is hidden. @returns its id. */
  async function fillHead(): Promise<string> {
    const { chat } = await alice.turn('one');
    await alice.turn('gone', chat.id);
    await setOnHead(store, chat.id, { turns: FILLED, hidden: FULL });
    return chat.id;
  }

  /** Reads a chat from its newest page to the end. */
  async function readPages(chatId: string, limit: number): Promise<string[][]> {
    const pages: HistoryPage[] = [(await store.history.getNewest('alice', chatId, limit)).history];
    while (pages[0]!.hasOlder) {
      pages.unshift(await store.history.getPage('alice', chatId, { before: pages[0]!.turns[0]!.number, limit }));
    }
    expect(pages.every(({ turns }) => turns.length > 0)).toBe(true);
    return toTexts(pages.flatMap(({ turns }) => turns));
  }

  it('keeps 16 ranges on its head, marks the other turns, and has the same pages with any limit', async () => {
    const chatId = await regenerate(MANY);
    const head = (await readHead(store, chatId))!;
    expect(String(head['hidden']).split(',')).toHaveLength(16);
    expect(await countMarks(chatId)).toBe(MANY - 16);
    expect(itemBytes(head)).toBeLessThan(1_024);
    for (const limit of [1, 5, 100]) expect(await readPages(chatId, limit)).toEqual(expected(MANY));
    // A cursor may lead to a turn that is hidden now.
    for (let before = 2 * MANY; before > 1; before -= 1) {
      const { turns, hasOlder } = await store.history.getPage('alice', chatId, { before, limit: 2 });
      const visible = Math.floor((before - 1) / 2);
      expect([toTexts(turns), hasOlder]).toEqual([visible === 0 ? [] : [expected(MANY)[visible - 1]], visible > 1]);
    }
  });

  it('marks turns when a dead turn is recovered, too, but none that stay visible', async () => {
    const chatId = await fillHead();
    const dead = await alice.replace('new', chatId, (await alice.turn('old', chatId)).number);
    await store.chats.complete('alice', dead, done('re new'));
    const shown = [
      ['one', 're one'],
      ['new', 're new'],
    ];
    expect(await alice.readTurns(chatId)).toEqual(shown);
    const { number } = await alice.turn('old', chatId);
    expect([await alice.readTurns(chatId), await countMarks(chatId)]).toEqual([[...shown, ['old', 're old']], 1]);

    // This one has lost its chat when it ends.
    const late = await alice.replace('newer', chatId, number);
    await setOnHead(store, chatId, { 'open.until': Date.now() - 1 });
    await alice.end(await alice.begin('next', chatId), failed);
    await alice.end(late);
    const all = [...shown, ['old', 're old'], ['newer', 're newer'], ['next:failed']];
    expect([await alice.readTurns(chatId), await countMarks(chatId)]).toEqual([all, 1]);
  });

  it('keeps a mark when the turn completes late', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    const late = await alice.begin('late', chatId);
    await setOnHead(store, chatId, { 'open.until': Date.now() - 1 });
    await alice.end(await alice.replace('new', chatId, 2));
    await setOnHead(store, chatId, { turns: FILLED, hidden: FULL });
    await regenerate(1, chatId);
    const before = await alice.readTurns(chatId);
    expect(await countMarks(chatId)).toBe(1);
    await expect(store.chats.complete('alice', late, done('late'))).rejects.toThrow(TurnSupersededError);
    expect(await alice.readTurns(chatId)).toEqual(before);
  });

  it('jumps over a long gap, and reads no page for the turns in it, before and after the turn is released', async () => {
    const chatId = (await alice.turn('one')).chat.id;
    for (let number = 2; number <= 30; number += 1) await alice.turn('old', chatId);
    const turn = await alice.replace('new', chatId, 2);
    const completed = await store.chats.complete('alice', turn, done('re new'));
    for (const releases of [false, true]) {
      if (releases) await store.chats.release('alice', turn, { ...completed, rememberedBy: undefined });
      const before = store.faults.calls.length;
      expect(await readPages(chatId, 4)).toEqual([
        ['one', 're one'],
        ['new', 're new'],
      ]);
      expect(store.faults.calls.length - before).toBe(3);
    }
  });

  it('gives no cursor to a part that is wholly hidden', async () => {
    const chatId = (await alice.turn('old')).chat.id;
    for (let number = 2; number <= 5; number += 1) await alice.turn('old', chatId);
    await alice.end(await alice.replace('new', chatId, 1));
    const { history } = await store.history.getNewest('alice', chatId, 2);
    expect([toTexts(history.turns), history.hasOlder]).toEqual([[['new', 're new']], false]);
    const page = await store.history.getPage('alice', chatId, { before: 4, limit: 2 });
    expect(page).toEqual({ turns: [], hasOlder: false });
  });
});
