import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { AgentProvider } from '../../src/chat/agent/agent.js';
import { TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { hasBegun } from '../../src/chat/model/turn.js';
import { RunningTurns } from '../../src/chat/service/running-turns.js';
import { TurnEnding } from '../../src/chat/service/turn-ending.js';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { LEASE_MARGIN } from '../../src/config/waits.js';
import { readHead, readItems, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, MEMORY, TurnRunner } from '../support/turn-runner.js';

const MINUTE = 60_000;
/** Four items: three of 300 KB, and one with the rest. */
const LARGEST = 'x'.repeat(1_000_000);

describe('the end of a turn', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  const openOf = async (chatId: string) => (await readHead(store, chatId))?.['open'];

  it.each(['complete', 'release'] as const)('is repeated with growing pauses: %s', async (step) => {
    const turn = await alice.begin('one');
    store.clock.pauses.length = 0;
    // The SDK tries each call twice.
    store.faults.inject({ type: 'reply lost' }, { steps: [step], times: 14 });
    await alice.end(turn);
    expect(store.clock.pauses).toEqual([100, 200, 400, 800, 1_600, 3_000, 3_000]);
    expect(await alice.readTurns(turn.chat.id)).toEqual([['one', 're one']]);
    expect(await readHead(store, turn.chat.id)).not.toHaveProperty('open');
  });

  it('is given up when the lease ends', async () => {
    const turn = { ...(await alice.begin('one')), storeUntil: store.clock.now() + 300 };
    store.faults.inject({ type: 'reply lost' }, { steps: ['complete'] });
    await expect(store.chats.complete('alice', turn, done('yes'))).rejects.toThrow(StorageUnavailableError);
    expect(store.clock.now()).toBeGreaterThan(turn.storeUntil - 50);
  });

  it('is given up at once if the table denies access', async () => {
    const turn = await alice.begin('one');
    store.clock.pauses.length = 0;
    store.faults.inject({ type: 'refused' }, { steps: ['complete'] });
    await expect(store.chats.complete('alice', turn, done('yes'))).rejects.toThrow(StorageUnavailableError);
    expect(store.clock.pauses).toEqual([]);
  });

  it('is written at the pace of one partition, and its items once each', async () => {
    const turn = await alice.begin('one');
    store.clock.pauses.length = 0;
    // The third item meets an unavailable table.
    store.faults.inject({ type: 'reply lost' }, { steps: ['complete'], skip: 2, times: 2 });
    const before = store.faults.calls.length;
    await store.chats.complete('alice', turn, done(LARGEST));
    expect(store.faults.calls.slice(before).map(({ step }) => step)).toEqual(Array(4 + 2).fill('complete'));
    const [first, second, repeated, third, ...rest] = store.clock.pauses;
    expect([repeated, rest]).toEqual([100, []]);
    // 1,000 write units of 1 KB a second.
    const bytes = (await readItems(store, turn.chat.id)).map(({ text }) =>
      typeof text === 'string' ? text.length : 0,
    );
    expect(first! + second! + third!).toBeCloseTo(bytes.reduce((sum, size) => sum + size, 0) / 1_024, 3);
  });

  it('has a lease that is renewed once, and not for a chat that expires earlier', async () => {
    const turn = await alice.begin('one');
    const until = turn.storeUntil + MINUTE;
    expect(await store.leases.renew('alice', turn, until)).toEqual({ ...turn, storeUntil: until });
    expect(await openOf(turn.chat.id)).toMatchObject({ until });
    await setOnHead(store, turn.chat.id, { expires_at: Math.floor(until / 1_000) + 30 });
    const renewed = { ...turn, storeUntil: until };
    expect(await store.leases.renew('alice', renewed, until + MINUTE)).toEqual(renewed);
    expect(await openOf(turn.chat.id)).toMatchObject({ until });
  });

  it('has a lease that no late renewal brings back', async () => {
    const turn = await alice.begin('one');
    store.faults.inject({ type: 'redelivery', after: { calls: 1 } }, { steps: ['recover'], times: 1 });
    await store.leases.renew('alice', turn, turn.storeUntil + MINUTE);
    await store.leases.end('alice', turn);
    expect(store.faults.repeated.at(-1)).toMatchObject({ step: 'recover', isRefused: true });
    expect(await openOf(turn.chat.id)).toMatchObject({ until: 0 });
    const { chat } = await alice.turn('two', turn.chat.id);
    expect(await alice.readTurns(chat.id)).toEqual([['one:failed'], ['two', 're two']]);
    await store.leases.end('alice', turn);
    await store.leases.renew('alice', turn, turn.storeUntil + MINUTE);
    expect(await readHead(store, chat.id)).not.toHaveProperty('open');
  });

  it.each(['a begin', 'a delete'])(
    'has a lease that %s does not end if it is renewed after it was read',
    async (what) => {
      const { chat } = await alice.turn('one');
      const turn = await alice.beginLongAgo('two', chat.id, `renewed before ${what}`);
      const until = Date.now() + MINUTE;
      const renew = () => setOnHead(store, chat.id, { 'open.until': until });
      store.faults.inject(() => ({ type: 'wait', until: renew() }), { steps: ['recover'], times: 1 });
      const recover = () =>
        what === 'a begin'
          ? alice.attempt('two', chat.id, `renewed before ${what}`)
          : store.deletion.delete('alice', chat.id);
      await expect(recover()).rejects.toThrow(TurnInProgressError);
      expect(await openOf(chat.id)).toMatchObject({ lease: turn.lease, until });
      expect(await readItems(store, chat.id)).toHaveLength(2);
      await alice.end(turn);
      expect(await alice.readTurns(chat.id)).toEqual([
        ['one', 're one'],
        ['two', 're two'],
      ]);
    },
  );

  it('has a lease that cannot be renewed once a recovery has begun', async () => {
    const { chat } = await alice.turn('one');
    const turn = await alice.beginLongAgo('two', chat.id);
    store.faults.inject({ type: 'refused' }, { steps: ['recover'], skip: 1, times: 1 });
    await expect(alice.attempt('three', chat.id)).rejects.toThrow(StorageUnavailableError);
    expect(await store.leases.renew('alice', turn, Date.now() + MINUTE)).toEqual(turn);
    await alice.turn('three', chat.id);
    expect((await alice.readTurns(chat.id)).slice(1)).toEqual([['two:failed'], ['three', 're three']]);
  });

  it('releases its chat until the renewed lease ends', async () => {
    const times = new TurnTimes();
    const running = new RunningTurns(times);
    const agent = { memory: MEMORY } as unknown as AgentProvider;
    const ending = new TurnEnding(store.chats, store.leases, agent, running, times);
    const request = { chatId: undefined, key: undefined, prompt: 'one' };
    // The SDK pauses for up to a second between its tries. The renewal comes after them, and before the lease ends.
    const deadline = Date.now() - LEASE_MARGIN + 3_000;
    const turn = await store.chats.begin('alice', request, { deadline, memory: MEMORY });
    if (!hasBegun(turn)) throw new Error('the turn was replayed');
    store.faults.inject({ type: 'throttle' }, { steps: ['complete'] });
    const limits = { deadline, storeDeadline: Infinity, storeLimit: Infinity };
    const ended = ending.end('alice', turn, { ...limits, outcome: done('yes') });
    await sleep(turn.storeUntil + 100 - Date.now());
    store.faults.clear();
    // The SDK tries each call twice.
    store.faults.inject({ type: 'throttle' }, { steps: ['release'], times: 4 });
    await ended;
    await running.idle();
    expect(await readHead(store, turn.chat.id)).not.toHaveProperty('open');
  });

  it('takes the place of its failed turn if it arrives after the lease was ended', async () => {
    const turn = await alice.begin('one');
    store.faults.inject({ type: 'late', after: { calls: 1_000 } }, { steps: ['complete'] });
    await expect(store.chats.complete('alice', { ...turn, storeUntil: 0 }, done('yes'))).rejects.toThrow(
      StorageUnavailableError,
    );
    store.faults.clear();
    await store.leases.end('alice', turn);
    await alice.turn('two', turn.chat.id);
    await store.faults.deliverRest();
    expect(await alice.readTurns(turn.chat.id)).toEqual([
      ['one', 'yes'],
      ['two', 're two'],
    ]);
  });
});
