import { describe, expect, it } from '@jest/globals';
import {
  leaveTurn,
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
import type { StorageFault } from '../support/storage-faults.js';
import { done, TurnRunner } from '../support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { continuationSortKey } from '../../src/chat/storage/items/split-reply.js';
import { toTombstone } from '../../src/chat/storage/items/tombstone.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';

/** Three items. */
const LARGE = 'x'.repeat(601_000);
/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

describe('DynamoChatDeletion', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** Interrupts a delete of a chat after its mark. */
  async function interruptDelete(chatId: string): Promise<void> {
    store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
    await expect(store.deletion.delete('alice', chatId)).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
  }

  it('hides a chat from every request, and a second delete finds no chat', async () => {
    const { chat } = await alice.turn('one', (await alice.turn('zero')).chat.id);
    await store.deletion.delete('alice', chat.id);
    await expect(store.history.getNewest('alice', chat.id, 10)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(store.deletion.delete('alice', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('continues an interrupted delete', async () => {
    const { chat } = await alice.turn('one');
    await setOnHead(store, chat.id, { deleted_at: new Date().toISOString() });
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await store.deletion.delete('alice', chat.id);
    const [, turn] = await readItems(store, chat.id);
    expect(turn).not.toHaveProperty('prompt');
  });

  it('keeps the mark of an interrupted delete, although the chat expires', async () => {
    const { chat } = await alice.turn('one', undefined, 'expires');
    await setOnHead(store, chat.id, { expires_at: Math.floor(Date.now() / 1000) + 5 });
    await interruptDelete(chat.id);
    expect(await readHead(store, chat.id)).not.toHaveProperty('expires_at');
    await store.deletion.delete('alice', chat.id);
    expect(await readHead(store, chat.id)).toHaveProperty('expires_at');
  });

  it('refuses legacy messages that were being moved, also after it was interrupted', async () => {
    await putItem(store, originalChat('moving', [{ role: 'user', content: 'x'.repeat(395_000) }]));
    store.faults.inject({ type: 'late', after: { calls: 1000 } }, { commands: ['PutItemCommand'] });
    await expect(alice.begin('y'.repeat(20_000), 'moving')).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    await interruptDelete('moving');
    await store.deletion.delete('alice', 'moving');
    await store.faults.deliverRest();
    expect((await readItems(store, 'moving')).filter((item) => !item['deleted_at'])).toEqual([]);
  });

  it('continues an interrupted delete of a chat without a time', async () => {
    const { updated_at: _, ...chat } = originalChat('timeless', [{ role: 'user', content: 'long ago' }]);
    await putItem(store, chat);
    await interruptDelete('timeless');
    await store.deletion.delete('alice', 'timeless');
  });

  it('is refused while a turn runs', async () => {
    const running = await alice.begin('one');
    await expect(store.deletion.delete('alice', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
    await alice.end(running);
  });

  it('leaves nothing of a reply that is stored while its chat is deleted', async () => {
    const { chat } = await alice.turn('one');
    const late = await alice.beginLongAgo('two', chat.id);
    store.faults.inject({ type: 'delay', milliseconds: 1000 }, { commands: ['BatchWriteItemCommand'], times: 1 });
    const seen = store.faults.calls.length;
    const deleting = store.deletion.delete('alice', chat.id);
    while (!store.faults.calls.slice(seen).some(({ command }) => command === 'BatchWriteItemCommand')) {
      await new Promise((resume) => setTimeout(resume, 5));
    }
    // The reply may be stored in time or be refused; in both cases nothing of it is left.
    await store.chats.complete('alice', late, done(LARGE)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ChatNotFoundError);
    });
    await deleting;
    const items = await readItems(store, chat.id);
    expect(items.filter((item) => !('deleted_at' in item))).toEqual([]);
  });

  describe('a key whose chat was deleted so long ago that its tombstones have expired', () => {
    /** Deletes the chat of a dead turn. Then its tombstones expire, and DynamoDB removes the head's. */
    async function deleteLongAgo(key: string): Promise<string> {
      const { chat } = await alice.beginLongAgo('one', undefined, key);
      await store.deletion.delete('alice', chat.id);
      for (const item of await readItems(store, chat.id)) await setAttribute(store, item, 'expires_at', LONG_AGO);
      await removeItem(store, headKey('alice', chat.id));
      expect(await readItems(store, chat.id)).toHaveLength(6);
      return chat.id;
    }

    it('opens a chat that stores replies, also large replies', async () => {
      const chatId = await deleteLongAgo('replied');
      await alice.end(await alice.begin('again', undefined, 'replied'), done(LARGE));
      expect(await alice.readTurns(chatId)).toEqual([['again', LARGE]]);
      expect(await alice.attempt('again', undefined, 'replied')).toMatchObject({ message: { content: LARGE } });
    });

    it('opens a chat that recovers dead turns', async () => {
      const chatId = await deleteLongAgo('died');
      const dead = await alice.beginLongAgo('again', undefined, 'died');
      await alice.turn('next', chatId);
      expect(await alice.readTurns(chatId)).toEqual([['again:failed'], ['next', 're next']]);
      await alice.end(dead, done(LARGE));
      expect(await alice.readTurns(chatId)).toEqual([
        ['again', LARGE],
        ['next', 're next'],
      ]);
    });

    it('opens a chat that can be deleted, and then refuses late replies', async () => {
      const chatId = await deleteLongAgo('deleted');
      const late = await alice.beginLongAgo('again', undefined, 'deleted');
      await store.deletion.delete('alice', chatId);
      await expect(alice.end(late, done(LARGE))).rejects.toBeInstanceOf(ChatNotFoundError);
      for (const item of await readItems(store, chatId)) expect(item['expires_at']).toBeGreaterThan(Date.now() / 1000);
    });
  });

  it('keeps the key of a chat out while the tombstones of an interrupted delete stay', async () => {
    const { chat } = await alice.turn('one', undefined, 'again');
    await setOnHead(store, chat.id, { expires_at: LONG_AGO });
    // Only the tombstone of the head is missing.
    store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'], skip: 1 });
    const interrupted = store.deletion.delete('alice', chat.id, { evenIfExpired: true });
    await expect(interrupted).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    for (const item of await readItems(store, chat.id)) {
      if (Number(item['expires_at']) < Date.now() / 1000) await removeItem(store, item);
    }
    await expect(alice.begin('one', undefined, 'again')).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it.each(['visible', 'expired', 'called deleted by another program'])(
    'finishes only what a delete has marked, and no chat that is %s',
    async (what) => {
      const { chat } = await alice.turn('one');
      if (what === 'expired') await setOnHead(store, chat.id, { expires_at: LONG_AGO });
      if (what.startsWith('called')) await setOnHead(store, chat.id, { deleted_at: new Date().toISOString() });
      const before = await readItems(store, chat.id);
      await expect(store.deletion.finish('alice', chat.id, {})).rejects.toBeInstanceOf(ChatNotFoundError);
      expect(await readItems(store, chat.id)).toEqual(before);
    },
  );

  it('goes on if its last attempt to mark the chat was sent twice', async () => {
    const { chat } = await alice.turn('one');
    let marks = 0;
    const whileTurnsEnd = (): StorageFault => {
      marks += 1;
      return marks < 4
        ? { type: 'wait', until: alice.turn('more', chat.id) }
        : { type: 'redelivery', after: 'at once' };
    };
    store.faults.inject(whileTurnsEnd, { steps: ['delete'], commands: ['PutItemCommand'] });
    await store.deletion.delete('alice', chat.id);
    expect(marks).toBe(4);
    expect(await readRemains(store, chat.id)).toEqual([]);
  });
});

/** Tombstones of one request. */
const BATCH = 25;

describe('a read while a delete runs', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** Holds the next call of this kind, and does something before it goes on. */
  async function meanwhile<T>(command: string, read: () => Promise<T>, act: () => Promise<unknown>): Promise<T> {
    let goOn = () => {};
    const acted = new Promise<void>((resolve) => (goOn = resolve));
    const seen = store.faults.calls.length;
    store.faults.inject({ type: 'wait', until: acted }, { commands: [command], times: 1 });
    const reading = read();
    reading.catch(() => undefined);
    while (!store.faults.calls.slice(seen).some((call) => call.command === command)) await sleep(5);
    await act();
    goOn();
    return reading;
  }

  const callsOf = async (act: () => Promise<unknown>) => {
    const before = store.faults.calls.length;
    await act();
    return store.faults.calls.slice(before).map(({ command }) => command);
  };

  it('finds no chat, although it has found the head', async () => {
    const { chat } = await alice.turn('one');
    const read = meanwhile(
      'QueryCommand',
      () => alice.readTurns(chat.id),
      () => store.deletion.delete('alice', chat.id),
    );
    await expect(read).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it.each(['the newest page', 'an older page', 'the history of the agent'])(
    'finds no chat if some turns are gone: %s',
    async (what) => {
      const { chat } = await alice.turn('one');
      const numbers = Array.from({ length: BATCH + 1 }, (_, index) => index + 2);
      await Promise.all(numbers.map((number) => leaveTurn(store, chat.id, number)));
      await setOnHead(store, chat.id, { turns: BATCH + 2 });
      // The newest turns go first.
      store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'], skip: 1 });
      const range = { before: BATCH + 2, limit: 100 };
      const reads: Record<string, () => Promise<unknown>> = {
        'the newest page': () => alice.readTurns(chat.id),
        'an older page': () => store.history.getPage('alice', chat.id, range),
        'the history of the agent': () => store.history.listConversation('alice', { ...chat, legacy: {} }, range),
      };
      const deletion = () => store.deletion.delete('alice', chat.id).catch(() => undefined);
      await expect(meanwhile('QueryCommand', reads[what]!, deletion)).rejects.toBeInstanceOf(ChatNotFoundError);
    },
  );

  it('finds no chat if only the end of a reply is gone', async () => {
    const turn = await alice.end(await alice.begin('long'), done(LARGE));
    const end = { id: turn.chat.id, user_id: continuationSortKey(turnSortKey('alice', 1), 2) };
    const read = meanwhile(
      'QueryCommand',
      () => alice.readTurns(turn.chat.id),
      async () => {
        store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
        await store.deletion.delete('alice', turn.chat.id).catch(() => undefined);
        await putItem(store, toTombstone(end));
      },
    );
    await expect(read).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('finds no chat if the messages that were moved are gone', async () => {
    await putItem(store, originalChat('moved', [{ role: 'user', content: 'x'.repeat(395_000) }]));
    await alice.turn('y'.repeat(20_000), 'moved');
    const { chat } = await store.history.getNewest('alice', 'moved', 1);
    const read = meanwhile(
      'GetItemCommand',
      () => store.history.listTurns('alice', chat, { before: 1, limit: 10 }),
      () => store.deletion.delete('alice', 'moved'),
    );
    await expect(read).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('replays no reply that has lost its end', async () => {
    const { chat } = await alice.turn('one');
    await alice.end(await alice.begin('long', chat.id, 'key'), done(LARGE));
    const replay = meanwhile(
      'QueryCommand',
      () => alice.attempt('long', chat.id, 'key'),
      () => store.deletion.delete('alice', chat.id),
    );
    await expect(replay).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('costs a read more only if it meets a tombstone', async () => {
    const turn = await alice.turn('one');
    expect(await callsOf(() => alice.readTurns(turn.chat.id))).toEqual(['GetItemCommand', 'QueryCommand']);
    // A turn that has moved to another number leaves such tombstones.
    await putItem(store, toTombstone({ id: turn.chat.id, user_id: continuationSortKey(turnSortKey('alice', 1), 3) }));
    expect(await callsOf(() => alice.readTurns(turn.chat.id))).toEqual([
      'GetItemCommand',
      'QueryCommand',
      'GetItemCommand',
    ]);
    expect(await alice.readTurns(turn.chat.id)).toEqual([['one', 're one']]);
  });
});
