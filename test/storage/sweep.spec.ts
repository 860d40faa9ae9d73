import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamoChatDeletion } from '../../src/chat/storage/dynamo-chat-deletion.js';
import { DynamoSweep, SWEEP_MARGIN_MILLISECONDS, type SweepOptions } from '../../src/chat/storage/dynamo-sweep.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { isTombstone } from '../../src/chat/storage/items/tombstone.js';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import { TableSettings } from '../../src/config/settings.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { TableScan } from '../../src/dynamodb/table-scan.js';
import {
  emptyTable,
  leaveTurn,
  originalChat,
  putItem,
  readHead,
  readItems,
  removeItem,
  setAttribute,
  setOnHead,
} from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { StorageFault } from '../support/storage-faults.js';
import { done, TurnRunner } from '../support/turn-runner.js';

/** Two items. */
const LARGE = 'x'.repeat(310_000);
/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

describe('DynamoSweep', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');
  const bob = new TurnRunner(store, 'bob');
  beforeAll(() => void (store.clock.longest = 0));
  // A sweep reads the whole table.
  beforeEach(() => emptyTable(store));

  /** Sweeps in pages of a few items. */
  function sweep(options: Partial<SweepOptions> = {}, deletion = store.deletion) {
    const settings = new TableSettings(store.environment);
    const scan = new TableScan(store.client, settings, 3);
    return new DynamoSweep(store.dynamoTable, scan, deletion, store.clock).run({
      deadline: Infinity,
      resumes: false,
      ...options,
    });
  }

  /** A delete dies right after its mark. */
  async function interruptDelete(chatId: string): Promise<void> {
    store.faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
    await expect(store.deletion.delete('alice', chatId)).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
  }

  async function expectTombstones(chatId: string): Promise<void> {
    const items = await readItems(store, chatId);
    expect(items.length).toBeGreaterThan(0);
    expect(items.filter((item) => !isTombstone(item))).toEqual([]);
    for (const { expires_at: expiresAt } of items) expect(expiresAt).toBeGreaterThan(Date.now() / 1000);
  }

  it('finishes a delete that died after its mark, and leaves all other chats as they are', async () => {
    const { chat } = await alice.turn('one');
    await alice.end(await alice.begin('long', chat.id), done(LARGE));
    const other = await alice.turn('other');
    const foreign = await bob.turn('of bob');
    const running = await alice.begin('running');
    await putItem(store, originalChat('old', [{ role: 'user', content: 'long ago' }]));
    await interruptDelete(chat.id);
    const kept = [other.chat.id, foreign.chat.id, running.chat.id, 'old'];
    const before = await Promise.all(kept.map((id) => readItems(store, id)));
    expect((await readItems(store, chat.id)).filter((item) => 'prompt' in item)).toHaveLength(2);

    expect(await sweep()).toMatchObject({ finishedDeletes: 1, expiredChats: 0, leftChats: 0, isComplete: true });
    await expectTombstones(chat.id);
    expect(await Promise.all(kept.map((id) => readItems(store, id)))).toEqual(before);
    expect(await sweep()).toMatchObject({ finishedDeletes: 0, expiredChats: 0, isComplete: true });
  });

  it.each(['removed', 'expired', 'a tombstone that has expired'])(
    'removes turns that never expire, if their head is %s',
    async (what) => {
      const { chat } = await alice.turn('one', undefined, `opened-${what}`);
      await alice.end(await alice.begin('two', chat.id), done(LARGE));
      await setOnHead(store, chat.id, { expires_at: LONG_AGO });
      if (what === 'removed') await removeItem(store, headKey('alice', chat.id));
      if (what.startsWith('a tomb')) {
        await putItem(store, { ...headKey('alice', chat.id), deleted_at: 'then', expires_at: LONG_AGO });
      }
      expect(await sweep()).toMatchObject({ finishedDeletes: 0, expiredChats: 1, leftChats: 0, isComplete: true });
      await expectTombstones(chat.id);
      await expect(alice.begin('one', undefined, `opened-${what}`)).rejects.toBeInstanceOf(ChatNotFoundError);
    },
  );

  it('lets the key of such a chat open a new one when all tombstones have expired', async () => {
    const { chat } = await alice.turn('one', undefined, 'again');
    await removeItem(store, headKey('alice', chat.id));
    await sweep();
    for (const item of await readItems(store, chat.id)) await setAttribute(store, item, 'expires_at', LONG_AGO);
    await removeItem(store, headKey('alice', chat.id));
    await alice.turn('new', undefined, 'again');
    expect(await alice.readTurns(chat.id)).toEqual([['new', 're new']]);
  });

  it('ends the dead turn of an expired chat, and refuses its late reply', async () => {
    const { chat } = await alice.turn('one');
    const late = await alice.beginLongAgo('two', chat.id);
    await setOnHead(store, chat.id, { expires_at: LONG_AGO });
    expect(await sweep()).toMatchObject({ expiredChats: 1 });
    await expect(alice.end(late, done(LARGE))).rejects.toBeInstanceOf(ChatNotFoundError);
    await expectTombstones(chat.id);
  });

  it('leaves turns that expire by themselves, and chats that another program calls deleted', async () => {
    const { chat } = await alice.turn('one');
    for (const item of await readItems(store, chat.id)) await setAttribute(store, item, 'expires_at', LONG_AGO);
    const hidden = await alice.turn('hidden');
    await setOnHead(store, hidden.chat.id, { deleted_at: new Date().toISOString() });
    const before = await Promise.all([chat.id, hidden.chat.id].map((id) => readItems(store, id)));
    expect(await sweep()).toMatchObject({ finishedDeletes: 0, expiredChats: 0, leftChats: 0 });
    expect(await Promise.all([chat.id, hidden.chat.id].map((id) => readItems(store, id)))).toEqual(before);
  });

  it('removes nothing of a chat that begins while it looks', async () => {
    await leaveTurn(store, 'returns', 1);
    const begins = putItem.bind(undefined, store, { ...originalChat('returns', []), turns: 1 });
    let isPut = false;
    store.faults.inject({ type: 'delay', milliseconds: 300 }, { commands: ['PutItemCommand'], chats: ['returns'] });
    const sweeping = sweep();
    while (!isPut) {
      if (store.faults.calls.some(({ command, chatId }) => command === 'PutItemCommand' && chatId === 'returns')) {
        await begins();
        isPut = true;
      }
      await sleep(5);
    }
    expect(await sweeping).toMatchObject({ expiredChats: 0, isComplete: true });
    expect(await alice.readTurns('returns')).toEqual([['left', 're left']]);
  });

  it.each([
    ['between its two reads', { commands: ['GetItemCommand'], skip: 1, times: 1 }],
    ['before its mark arrives', { commands: ['PutItemCommand'], steps: ['delete'], times: 1 }],
  ] as const)('keeps a chat whose turn ends %s', async (_when, calls) => {
    const { chat } = await alice.turn('one');
    await setOnHead(store, chat.id, { expires_at: LONG_AGO });
    const renew = async () => {
      await setOnHead(store, chat.id, { expires_at: Math.ceil(Date.now() / 1000) + 7_200 });
      await alice.turn('two', chat.id);
    };
    const whileItIsRenewed = (): StorageFault => ({ type: 'wait', until: renew() });
    store.faults.inject(whileItIsRenewed, { ...calls, chats: [chat.id] });
    expect(await sweep()).toMatchObject({ expiredChats: 0, leftChats: 0, isComplete: true });
    expect(await alice.readTurns(chat.id)).toHaveLength(2);
  });

  it('keeps a chat whose expiry alone is renewed before its mark arrives', async () => {
    const { chat } = await alice.turn('one');
    await setOnHead(store, chat.id, { expires_at: LONG_AGO });
    const whileItIsRenewed = (): StorageFault => ({
      type: 'wait',
      until: setOnHead(store, chat.id, { expires_at: Math.ceil(Date.now() / 1000) + 60 }),
    });
    store.faults.inject(whileItIsRenewed, { commands: ['PutItemCommand'], chats: [chat.id], times: 1 });
    expect(await sweep()).toMatchObject({ expiredChats: 0, leftChats: 0 });
    expect(await alice.readTurns(chat.id)).toHaveLength(1);
  });

  it('leaves a chat for a day after it has expired, because clocks may be apart', async () => {
    const { chat } = await alice.turn('one');
    const expire = async (ago: number) =>
      setOnHead(store, chat.id, { expires_at: Math.floor((Date.now() - ago) / 1000) });
    await expire(SWEEP_MARGIN_MILLISECONDS - 600_000);
    const before = await readItems(store, chat.id);
    expect(await sweep()).toMatchObject({ expiredChats: 0, leftChats: 0 });
    expect(await readItems(store, chat.id)).toEqual(before);
    await expire(SWEEP_MARGIN_MILLISECONDS);
    expect(await sweep()).toMatchObject({ expiredChats: 1 });
    await expectTombstones(chat.id);
  });

  it('says why it has left a chat', async () => {
    const { chat } = await alice.turn('one');
    await interruptDelete(chat.id);
    const failing = Object.create(store.deletion, {
      delete: { value: async () => Promise.reject(new TypeError(`no ${chat.id}`)) },
    }) as DynamoChatDeletion;
    const { leftChats, failedChats, failures } = await sweep({}, failing);
    // Two pages may have items of the chat.
    expect([leftChats, failedChats > 0, failures]).toEqual([0, true, ['TypeError']]);
    expect(await sweep()).toMatchObject({ finishedDeletes: 1, failedChats: 0, failures: [] });
    const { chat: busy } = await alice.turn('busy');
    await alice.begin('running', busy.id);
    await setOnHead(store, busy.id, { expires_at: LONG_AGO });
    const result = await sweep();
    expect(result).toMatchObject({ failedChats: 0, failures: [] });
    expect(result.leftChats).toBeGreaterThan(0);
  });

  it('ends at once if its first call fails and somebody waits', async () => {
    const pauses = store.clock.pauses.length;
    store.faults.inject({ type: 'throttle' });
    await expect(sweep({ isByHand: true })).rejects.toBeInstanceOf(StorageUnavailableError);
    store.faults.clear();
    expect(store.clock.pauses.length).toBe(pauses);
  });

  it('goes on after a throttle, and with the same page if the table is gone for good', async () => {
    const { chat } = await alice.turn('one');
    await interruptDelete(chat.id);
    store.faults.inject({ type: 'throttle' }, { commands: ['ScanCommand', 'BatchWriteItemCommand'], times: 9 });
    expect(await sweep()).toMatchObject({ finishedDeletes: 1, isComplete: true });
    await expectTombstones(chat.id);
    store.faults.clear();
    store.faults.inject({ type: 'refused' }, { commands: ['ScanCommand'] });
    await expect(sweep()).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  it('goes on in the next run where the time was up, and then begins again', async () => {
    const place = async () => (await readItems(store, 'sweep#'))[0]?.['after'];
    let left = 0;
    for (let count = 0; count < 4; count += 1) await alice.turn(`chat ${count}`);
    do {
      const now = store.clock.now.bind(store.clock);
      // The time is up after one page.
      let looks = 0;
      store.clock.now = () => (looks++ > 2 ? Infinity : now());
      const { isComplete, items } = await sweep({ deadline: now() + 60_000, resumes: true });
      store.clock.now = now;
      expect(items).toBeLessThanOrEqual(3);
      expect((await place()) === undefined).toBe(isComplete);
      left = isComplete ? 0 : left + 1;
    } while (left > 0);
    expect((await sweep({ resumes: true })).items).toBeGreaterThanOrEqual(8);
  });

  it('pauses between pages', async () => {
    for (let count = 0; count < 4; count += 1) await alice.turn(`chat ${count}`);
    const before = store.clock.pauses.length;
    const { items } = await sweep();
    expect(items).toBeGreaterThanOrEqual(8);
    const pauses = store.clock.pauses.slice(before);
    expect(pauses.length).toBeGreaterThanOrEqual(Math.floor(items / 3) - 1);
    expect(new Set(pauses)).toEqual(new Set([500]));
  });

  it('is not needed for a chat that is there', async () => {
    const { chat } = await alice.turn('one');
    expect(await readHead(store, chat.id)).toMatchObject({ turns: 1 });
    const before = store.faults.calls.length;
    await sweep();
    const reads = store.faults.calls.slice(before).filter(({ chatId }) => chatId === chat.id);
    // A page may begin between the head and its turn.
    expect(reads.length).toBeLessThanOrEqual(1);
  });
});
