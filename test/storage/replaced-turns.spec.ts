import { describe, expect, it } from '@jest/globals';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import {
  ChatNotFoundError,
  ReplacedMessageNotFoundError,
  TurnInProgressError,
} from '../../src/chat/model/chat.errors.js';
import type { Replacement, RunningTurn } from '../../src/chat/model/turn.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import {
  originalChat,
  putItem,
  readHead,
  readItems,
  readRemains,
  removeItem,
  setAttribute,
  setOnHead,
} from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, stopped, toTexts, TurnRunner } from '../support/turn-runner.js';

const torn: TurnOutcome = { status: 'partial', reply: 'half', citations: [] };
const from = (number: number, role: 'user' | 'assistant' = 'user'): Replacement => ({ kind: 'from', number, role });
const after = (...numbers: number[]): Replacement => ({ kind: 'after', numbers });
const said = (...prompts: string[]) => prompts.map((prompt) => [prompt, `re ${prompt}`]);

describe('a turn that replaces others', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  const send = (prompt: string, chatId: string, replacement: Replacement) =>
    alice.send({ prompt, chatId, replacement });
  async function sendAndEnd(prompt: string, chatId: string, replacement: Replacement): Promise<void> {
    await alice.end((await send(prompt, chatId, replacement)) as RunningTurn);
  }
  const hiddenOf = async (chatId: string) => (await readHead(store, chatId))?.['hidden'];
  /** The turns before a number, as a page and as the agent gets them. */
  async function readBefore(turn: RunningTurn): Promise<string[][]> {
    const range = { before: turn.replaces ?? turn.number, limit: 100 };
    const page = await store.history.listTurns('alice', turn.chat, range);
    expect((await store.history.listConversation('alice', turn.chat, range)).turns).toEqual(page.turns);
    return toTexts(page.turns);
  }

  describe('from a message', () => {
    it.each([
      ['the first', 1, said('new')],
      ['a middle one', 2, said('one', 'new')],
      ['the last', 3, said('one', 'two', 'new')],
    ])('replaces it and all after it: %s', async (_, number, expected) => {
      const chatId = await alice.converse(3);
      const turn = await alice.replace('new', chatId, number);
      expect(turn).toMatchObject({ number: 4, replaces: number, session: { isNew: true } });
      expect(await readBefore(turn)).toEqual(expected.slice(0, -1));
      expect(await alice.readTurns(chatId)).toEqual([...said('one', 'two', 'three'), ['new:pending']]);
      await alice.end(turn);
      expect(await alice.readTurns(chatId)).toEqual(expected);
      expect(await hiddenOf(chatId)).toBe(number === 3 ? '3' : `${number}+${3 - number}`);
      await alice.turn('next', chatId);
      expect(await alice.readTurns(chatId)).toEqual([...expected, ...said('next')]);
    });

    it.each([
      ['an answer', done('re new'), ['new', 're new']],
      ['a torn answer', torn, ['new', 'half:partial']],
      ['an answer that was stopped', stopped('half'), ['new', 'half:stopped']],
    ])('replaces them by %s', async (_, outcome, expected) => {
      const chatId = await alice.converse(3);
      await alice.end(await alice.replace('new', chatId, 2), outcome);
      expect(await alice.readTurns(chatId)).toEqual([...said('one'), expected]);
    });

    it.each([
      ['fails', failed, ['new:failed']],
      ['is stopped before its first word', stopped(), ['new:stopped']],
    ])('leaves them if it %s', async (_, outcome, expected) => {
      const chatId = await alice.converse(3);
      await alice.end(await alice.replace('new', chatId, 2), outcome);
      expect(await alice.readTurns(chatId)).toEqual([...said('one', 'two', 'three'), expected]);
      expect(await hiddenOf(chatId)).toBeUndefined();
      await sendAndEnd('again', chatId, from(2));
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'again'));
    });

    it('is refused where the message is not visible, and nothing begins', async () => {
      const chatId = await alice.converse(2);
      await alice.end(await alice.begin('fails', chatId), failed);
      await sendAndEnd('new', chatId, from(2));
      const before = await readItems(store, chatId);
      for (const bad of [from(0), from(-1), from(2), from(3), from(5), from(4e11), from(2, 'assistant')]) {
        await expect(send('bad', chatId, bad)).rejects.toThrow(ReplacedMessageNotFoundError);
      }
      expect(await readItems(store, chatId)).toEqual(before);
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'new'));
    });

    it('is refused for the answer of a turn that has none', async () => {
      const chatId = await alice.converse(1);
      await alice.end(await alice.begin('fails', chatId), failed);
      await expect(send('bad', chatId, from(2, 'assistant'))).rejects.toThrow(ReplacedMessageNotFoundError);
      await sendAndEnd('new', chatId, from(2, 'user'));
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'new'));
    });

    it('is not found in the chat of another user, nor in a deleted one', async () => {
      const chatId = await alice.converse(1);
      const bob = new TurnRunner(store, 'bob');
      await expect(bob.send({ prompt: 'new', chatId, replacement: from(1) })).rejects.toThrow(ChatNotFoundError);
      await store.deletion.delete('alice', chatId);
      await expect(send('new', chatId, from(1))).rejects.toThrow(ChatNotFoundError);
      expect(await readRemains(store, chatId)).toEqual([]);
    });

    it('is refused while a turn runs', async () => {
      const chatId = await alice.converse(1);
      const running = await alice.begin('two', chatId);
      await expect(send('new', chatId, from(1))).rejects.toThrow(TurnInProgressError);
      await alice.end(running);
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'two'));
    });

    it('looks again if a turn has begun meanwhile', async () => {
      const chatId = await alice.converse(2);
      // Its turns are found; then another one replaces them before it is written.
      const replaceFirst = () => sendAndEnd('other', chatId, from(1));
      store.faults.inject(() => ({ type: 'wait', until: replaceFirst() }), { steps: ['begin'], times: 1 });
      await expect(send('new', chatId, from(2))).rejects.toThrow(ReplacedMessageNotFoundError);
      expect(await alice.readTurns(chatId)).toEqual(said('other'));
    });
  });

  describe('after turns that a page has', () => {
    it.each([
      ['the newest', [3], undefined],
      ['an earlier one', [2, 1], 3],
      ['a visible one and unknown ones', [9, 4, 2, 1], 3],
      ['no visible one', [7, 0, -1], 1],
      ['none', [], 1],
    ] as const)('keeps %s', async (_, numbers, replaces) => {
      const chatId = await alice.converse(3);
      const turn = (await send('new', chatId, after(...numbers))) as RunningTurn;
      expect(turn.replaces).toBe(replaces);
      expect(turn.session.isNew).toBe(replaces !== undefined);
      await alice.end(turn);
      const kept = ['one', 'two', 'three'].slice(0, (replaces ?? 4) - 1);
      expect(await alice.readTurns(chatId)).toEqual(said(...kept, 'new'));
    });

    it('keeps the newest one that was not replaced meanwhile', async () => {
      const chatId = await alice.converse(4);
      await sendAndEnd('five', chatId, from(3));
      await sendAndEnd('six', chatId, after(4, 3, 2, 1));
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'two', 'six'));
    });

    it.each([
      ['an older one', 2, said('one', 'six')],
      ['none, if it was the first', 1, said('six')],
    ])('keeps %s if the only turn that a page names was replaced meanwhile', async (_, number, expected) => {
      const chatId = await alice.converse(3);
      await sendAndEnd('four', chatId, from(number));
      await sendAndEnd('six', chatId, { kind: 'after', numbers: [number], orOlder: true });
      expect(await alice.readTurns(chatId)).toEqual(expected);
    });

    it('replaces nothing in a chat whose turns have all expired', async () => {
      const chatId = await alice.converse(1);
      await setAttribute(store, { id: chatId, user_id: turnSortKey('alice', 1) }, 'expires_at', 1);
      const turn = (await send('new', chatId, after())) as RunningTurn;
      expect(turn.replaces).toBeUndefined();
      await alice.end(turn);
    });
  });

  describe('in a chat of the original system', () => {
    const MESSAGES = ['a', 'b', 'c'].flatMap((prompt) => [
      { role: 'user', content: prompt },
      { role: 'assistant', content: `re ${prompt}` },
    ]);

    it.each([
      ['from the first', from(-2), said('new')],
      ['from the last', from(0), said('a', 'b', 'new')],
      ['after the first', after(-2), said('a', 'new')],
      ['after none', after(), said('new')],
    ])('replaces its turns: %s', async (name, replacement, expected) => {
      const chatId = `original ${name}`.replaceAll(' ', '-');
      await putItem(store, originalChat(chatId, MESSAGES));
      await sendAndEnd('new', chatId, replacement);
      expect(await alice.readTurns(chatId)).toEqual(expected);
      await sendAndEnd('newer', chatId, from(1));
      expect(await alice.readTurns(chatId)).toEqual([...expected.slice(0, -1), ...said('newer')]);
    });

    it('replaces them and later turns together', async () => {
      await putItem(store, originalChat('both', MESSAGES));
      await alice.turn('d', 'both');
      await sendAndEnd('new', 'both', from(-1));
      expect(await alice.readTurns('both')).toEqual(said('a', 'new'));
    });

    it('does not take the attribute of another system for its own', async () => {
      for (const [index, hidden] of [true, 'yes', '', '1,1', [1, 2], { 1: 2 }, 3].entries()) {
        const chatId = `foreign-${index}`;
        await putItem(store, { ...originalChat(chatId, MESSAGES), hidden });
        expect(await alice.readTurns(chatId)).toEqual(said('a', 'b', 'c'));
        await sendAndEnd('new', chatId, from(0));
        expect(await alice.readTurns(chatId)).toEqual(said('a', 'b', 'new'));
      }
    });
  });

  describe('and whose process dies', () => {
    const expire = (chatId: string) => setOnHead(store, chatId, { 'open.until': Date.now() - 1 });

    it.each([
      ['its answer', done('re new'), said('one', 'new')],
      ['no answer', failed, [...said('one', 'two', 'three'), ['new:failed']]],
      ['nothing', undefined, [...said('one', 'two', 'three'), ['new:failed']]],
    ])('shows the old or the new, before and after its recovery: it has stored %s', async (_, outcome, expected) => {
      const chatId = await alice.converse(3);
      const turn = await alice.replace('new', chatId, 2);
      if (outcome) await store.chats.complete('alice', turn, outcome);
      await expire(chatId);
      expect(await alice.readTurns(chatId)).toEqual(expected);
      const older = await store.history.getPage('alice', chatId, { before: 4, limit: 100 });
      expect(toTexts(older.turns)).toEqual(expected.slice(0, -1));
      await alice.turn('next', chatId);
      expect(await alice.readTurns(chatId)).toEqual([...expected, ...said('next')]);
    });

    it('hides nothing if it completes after another turn has begun', async () => {
      const chatId = await alice.converse(2);
      const late = await alice.replace('late', chatId, 2);
      await expire(chatId);
      const three = await alice.begin('three', chatId);
      await alice.end(late);
      expect(await alice.readTurns(chatId)).toEqual([...said('one', 'two', 'late'), ['three:pending']]);
      await alice.end(three);
      expect(await alice.readTurns(chatId)).toEqual(said('one', 'two', 'late', 'three'));
      expect(await hiddenOf(chatId)).toBeUndefined();
    });

    it('is superseded with what it has stored', async () => {
      const chatId = await alice.converse(2);
      const turn = await alice.replace('new', chatId, 1);
      await store.chats.complete('alice', turn, stopped('half'));
      await alice.end(await alice.supersede('next', chatId));
      expect(await alice.readTurns(chatId)).toEqual([['new', 'half:stopped'], ...said('next')]);
    });

    it('leaves the old if it is superseded before its first word, whatever comes late', async () => {
      const chatId = await alice.converse(2);
      const turn = await alice.replace('new', chatId, 1);
      await alice.end(await alice.supersede('next', chatId));
      await alice.end(turn);
      const expected = [...said('one', 'two'), ['new', 're new:stopped'], ...said('next')];
      expect(await alice.readTurns(chatId)).toEqual(expected);
    });
  });

  it.each([
    ['its whole turn', true],
    ['its begin and its answer', false],
  ])('is seen without what it replaces by a read that began before: %s', async (_, isReleased) => {
    const chatId = await alice.converse(3);
    async function replace(): Promise<void> {
      const turn = await alice.replace('new', chatId, 2);
      if (isReleased) await alice.end(turn);
      else await store.chats.complete('alice', turn, done('re new'));
    }
    // The head is read; then the turn comes; then the turns are read.
    store.faults.inject(() => ({ type: 'wait', until: replace() }), { steps: ['read'], skip: 1, times: 1 });
    expect(await alice.readTurns(chatId)).toEqual(said('one', 'new'));
  });

  it('is deleted with everything that it has replaced', async () => {
    const chatId = await alice.converse(3);
    await sendAndEnd('new', chatId, from(1));
    await store.deletion.delete('alice', chatId);
    expect(await readRemains(store, chatId)).toEqual([]);
  });

  it('stays hidden where the head of its chat has no turn left but expired ones', async () => {
    const chatId = await alice.converse(2);
    await sendAndEnd('new', chatId, from(1));
    await removeItem(store, { id: chatId, user_id: turnSortKey('alice', 3) });
    expect(await alice.readTurns(chatId)).toEqual([]);
  });
});
