import { describe, expect, it, jest } from '@jest/globals';
import {
  readHead,
  readItems,
  putItem,
  readRemains,
  resetHead,
  setOnHead,
  waitForRelease,
} from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, MEMORY, TurnRunner } from '../support/turn-runner.js';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnSupersededError,
} from '../../src/chat/model/chat.errors.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';

describe('DynamoChatRepository', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');
  const bob = new TurnRunner(store, 'bob');

  describe('a turn', () => {
    it('is numbered from 1 and continues the session of the first turn', async () => {
      const one = await alice.turn('one');
      const two = await alice.turn('two', one.chat.id);
      expect([one.number, two.number]).toEqual([1, 2]);
      expect(one.session.isNew).toBe(true);
      expect(two.session).toMatchObject({ generation: one.session.generation, isNew: false });
      expect(two.chat).toMatchObject({ id: one.chat.id, userId: 'alice', title: 'one', createdAt: one.chat.createdAt });
    });

    it('has its prompt stored as soon as it has begun', async () => {
      const { chat } = await alice.begin('first words');
      expect(await alice.readTurns(chat.id)).toEqual([['first words:pending']]);
    });

    it('refuses a second turn while it runs', async () => {
      const running = await alice.begin('one');
      await expect(alice.begin('two', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(running);
      expect((await alice.begin('two', running.chat.id)).number).toBe(2);
    });

    it('opens a new session after a failed turn', async () => {
      const one = await alice.turn('one');
      const two = await alice.begin('two', one.chat.id);
      await alice.end(two, failed);
      const three = await alice.begin('three', one.chat.id);
      expect(three.session).toMatchObject({ generation: three.lease, isNew: true });
    });

    it('opens a new session when the old session was idle for too long', async () => {
      const one = await alice.turn('one');
      const at = new Date(Date.now() - 595_000).toISOString();
      await setOnHead(store, one.chat.id, { 'session.at': at });
      expect((await alice.begin('two', one.chat.id)).session.isNew).toBe(true);
    });

    it('stores its end, and updates the chat unless it has opened the chat', async () => {
      const one = await alice.turn('one');
      const opened = await readHead(store, one.chat.id);
      expect(opened).toMatchObject({ created_at: one.at, updated_at: one.at });
      expect((opened?.['ended_at'] as string) > one.at).toBe(true);
      await alice.turn('two', one.chat.id);
      const head = await readHead(store, one.chat.id);
      expect(head?.['updated_at']).toBe(head?.['ended_at']);
      expect((head?.['ended_at'] as string) > (opened?.['ended_at'] as string)).toBe(true);
    });

    it('keeps the head under 1 KB, with the keys of the last 16 turns', async () => {
      const { chat } = await alice.turn('turn 1');
      for (let number = 2; number <= 20; number += 1) await alice.turn(`turn ${number}`, chat.id);
      const head = await readHead(store, chat.id);
      expect(Object.keys(head ?? {}).filter((name) => name.startsWith('k_'))).toHaveLength(16);
      expect(Buffer.byteLength(JSON.stringify(head))).toBeLessThan(1024);
      expect(head).not.toHaveProperty('open');
    });
  });

  describe('a begin whose count must be corrected', () => {
    const FRACTION = { user_id: 'alice', title: 'Old', turns: 2.5 };

    it('is cancelled if the table fails then', async () => {
      await putItem(store, { ...FRACTION, id: 'fraction' });
      store.faults.inject({ type: 'refused' }, { steps: ['recover'], times: 1 });
      const onTurn = jest.fn();
      const request = { chatId: 'fraction', key: undefined, prompt: 'lost' };
      const begin = store.chats.begin('alice', request, { deadline: Date.now() + 60_000, memory: MEMORY, onTurn });
      await expect(begin).rejects.toBeInstanceOf(StorageUnavailableError);
      // It has no number, so it has no ids.
      expect(onTurn).not.toHaveBeenCalled();
      await waitForRelease(store, 'fraction');
      await alice.turn('next', 'fraction');
      expect((await alice.readTurns('fraction')).at(-1)).toEqual(['next', 're next']);
    });

    it('leaves a free chat if the head has no room for the number', async () => {
      const item = { ...FRACTION, id: 'full', updated_at: new Date().toISOString() };
      const ends = new Set<string>();
      for (let room = 210; room < 420; room += 6) {
        await putItem(store, { ...item, notes: 'x'.repeat(409_600 - room) });
        ends.add(
          await alice.begin('two', 'full').then(
            () => 'begun',
            (error: Error) => error.name,
          ),
        );
        if ([...ends].includes('begun')) break;
        await waitForRelease(store, 'full');
      }
      expect([...ends]).toEqual(['ItemTooLargeError', 'begun']);
    });
  });

  describe('a dead turn', () => {
    it('is shown as failed, and the chat continues in a new session', async () => {
      const { chat } = await alice.beginLongAgo('one');
      expect(await alice.readTurns(chat.id)).toEqual([['one:failed']]);
      expect((await alice.turn('two', chat.id)).session.isNew).toBe(true);
      expect(await alice.readTurns(chat.id)).toEqual([['one:failed'], ['two', 're two']]);
    });

    it('ends the session of the turns before it; later turns share a new session', async () => {
      const one = await alice.turn('one');
      await alice.beginLongAgo('two', one.chat.id);
      const three = await alice.turn('three', one.chat.id);
      expect(three.session).toMatchObject({ generation: three.lease, isNew: true });
      expect((await alice.turn('four', one.chat.id)).session).toMatchObject({ generation: three.lease, isNew: false });
    });

    it('is done, and does not block the chat, if it died before its release', async () => {
      const one = await alice.begin('one');
      await store.chats.complete('alice', one, done('yes'));
      expect(await alice.readTurns(one.chat.id)).toEqual([['one', 'yes']]);
      await alice.turn('two', one.chat.id);
      expect(await alice.readTurns(one.chat.id)).toEqual([
        ['one', 'yes'],
        ['two', 're two'],
      ]);
    });

    it('can still be completed late', async () => {
      const late = await alice.beginLongAgo('one');
      await alice.turn('two', late.chat.id);
      await alice.end(late, done('better late'));
      expect(await alice.readTurns(late.chat.id)).toEqual([
        ['one', 'better late'],
        ['two', 're two'],
      ]);
    });

    it('cannot be completed after its chat was deleted', async () => {
      const late = await alice.beginLongAgo('one');
      await store.deletion.delete('alice', late.chat.id);
      const completed = store.chats.complete('alice', late, done('x'.repeat(310_000)));
      await expect(completed).rejects.toBeInstanceOf(ChatNotFoundError);
      expect(await readItems(store, late.chat.id)).not.toEqual([]);
      expect(await readRemains(store, late.chat.id)).toEqual([]);
    });
  });

  describe('a key', () => {
    it('replays the reply of a turn that is done, with and without a chat id', async () => {
      const { chat } = await alice.turn('one', undefined, 'key-1');
      const first = { chatId: chat.id, number: 1, message: { content: 're one' } };
      expect(await alice.attempt('one', undefined, 'key-1')).toMatchObject(first);
      await alice.turn('two', chat.id, 'key-2');
      const second = { chatId: chat.id, number: 2, message: { content: 're two' } };
      expect(await alice.attempt('two', chat.id, 'key-2')).toMatchObject(second);
      expect(await alice.readTurns(chat.id)).toHaveLength(2);
    });

    it('costs one query if it opens a chat, and a repetition no call more than with a chat id', async () => {
      const commands = async (chatId: string | undefined, key?: string) => {
        const seen = store.faults.calls.length;
        const begun = await alice.attempt('counted', chatId, key);
        const calls = store.faults.calls.slice(seen).map(({ command }) => command.replace('Command', ''));
        return { begun, calls };
      };
      expect((await commands(undefined)).calls).toEqual(['UpdateItem']);
      const { begun, calls } = await commands(undefined, 'counted');
      expect(calls).toEqual(['Query', 'UpdateItem']);
      await alice.end(begun as RunningTurn);
      expect((await commands(undefined, 'counted')).calls).toEqual(['Query', 'GetItem', 'GetItem']);
      const chatId = (begun as RunningTurn).chat.id;
      expect((await commands(chatId, 'counted')).calls).toEqual(['UpdateItem', 'GetItem', 'GetItem']);
      expect((await commands(chatId, 'second')).calls).toEqual(['UpdateItem']);
    });

    it('replays a reply that is stored in several items', async () => {
      const reply = '漢'.repeat(110_000);
      const one = await alice.end(await alice.begin('large', undefined, 'key-large'), done(reply));
      const replay = await alice.attempt('large', undefined, 'key-large');
      expect(replay).toMatchObject({ chatId: one.chat.id, number: 1, message: { content: reply } });
    });

    it('is scoped to a user and a chat', async () => {
      const one = await alice.turn('one', undefined, 'same');
      const ofBob = await bob.attempt('one', undefined, 'same');
      expect(ofBob).toMatchObject({ number: 1 });
      expect(ofBob).not.toMatchObject({ chat: { id: one.chat.id } });
      expect((await alice.turn('two', one.chat.id, 'key of two')).number).toBe(2);
      expect((await alice.turn('two', (await alice.turn('other')).chat.id, 'key of two')).number).toBe(2);
    });

    it('is refused with another prompt, while its turn runs and after it has ended', async () => {
      const one = await alice.begin('one', undefined, 'key-other');
      const other = () => alice.attempt('another', undefined, 'key-other');
      await expect(other()).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
      await alice.end(one);
      await expect(other()).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
    });

    it('is refused while its own turn runs', async () => {
      const one = await alice.begin('one', undefined, 'key-wait');
      const again = alice.attempt('one', undefined, 'key-wait');
      await expect(again).rejects.toBeInstanceOf(TurnInProgressError);
      await alice.end(one);
    });

    it.each([failed, { status: 'partial', reply: 'half', citations: [] } as const])(
      'runs the turn again after the outcome %o',
      async (outcome) => {
        const key = `key-again-${outcome.status}`;
        const one = await alice.begin('one', undefined, key);
        await alice.end(one, outcome);
        const again = await alice.begin('one', undefined, key);
        expect([again.chat.id, again.number]).toEqual([one.chat.id, 2]);
        await alice.end(again);
        expect(await alice.attempt('one', undefined, key)).toMatchObject({
          message: { content: 're one' },
        });
      },
    );

    it('runs the turn again after a dead turn, whose late reply is then refused', async () => {
      const dead = await alice.beginLongAgo('one', undefined, 'key-dead');
      await alice.turn('one', undefined, 'key-dead');
      await expect(store.chats.complete('alice', dead, done('late'))).rejects.toBeInstanceOf(TurnSupersededError);
      expect(await alice.readTurns(dead.chat.id)).toEqual([['one:failed'], ['one', 're one']]);
    });
  });

  describe('two users', () => {
    it('cannot reach each other’s chats', async () => {
      const { chat } = await alice.turn('mine');
      for (const chatId of [chat.id, 'no-such-chat']) {
        await expect(bob.attempt('x', chatId)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.deletion.delete('bob', chatId)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.getNewest('bob', chatId, 100)).rejects.toBeInstanceOf(ChatNotFoundError);
        await expect(store.history.getPage('bob', chatId, { before: 5, limit: 100 })).rejects.toBeInstanceOf(
          ChatNotFoundError,
        );
      }
      expect(await readHead(store, chat.id, 'bob')).toBeUndefined();
    });

    it('have separate chats with the same id', async () => {
      const { chat } = await alice.turn('of alice');
      const messages = [{ role: 'user', content: 'of bob' }];
      await putItem(store, { ...headKey('bob', chat.id), title: 'of bob', messages });
      await store.chats.complete('bob', await bob.begin('again bob', chat.id), done('yes'));
      expect(await alice.readTurns(chat.id)).toEqual([['of alice', 're of alice']]);
      expect(await bob.readTurns(chat.id)).toEqual([['of bob'], ['again bob', 'yes']]);
    });
  });

  it('gives a turn the next free number if the original system has reset the head', async () => {
    const { chat } = await alice.turn('two', (await alice.turn('one')).chat.id);
    await resetHead(store, chat.id);
    await alice.turn('three', chat.id);
    await alice.turn('four', chat.id);
    expect(await alice.readTurns(chat.id)).toEqual([
      ['zero'],
      ['one', 're one'],
      ['two', 're two'],
      ['three', 're three'],
      ['four', 're four'],
    ]);
  });
});
