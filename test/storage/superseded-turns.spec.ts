import { describe, expect, it } from '@jest/globals';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { STOP_WAIT } from '../../src/config/waits.js';
import { leaveTurn, readHead, readItems, readRemains, resetHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, MEMORY, stopped, TurnRunner } from '../support/turn-runner.js';

/** Milliseconds. */
const SLOW_CALL = 100;
/** Three items. */
const LARGE = 'x'.repeat(601_000);
const torn = (reply: string): TurnOutcome => ({ status: 'partial', reply, citations: [] });

/** Ends of a turn with the most items, and with none. */
const LATE: readonly [string, TurnOutcome, string[]][] = [
  ['whole, of several items', done(LARGE), ['two', `${LARGE}:stopped`]],
  ['stopped without a word', stopped(), ['two:stopped']],
];

describe('a turn that another one supersedes', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  /** A chat of one turn, in which a second one runs. */
  async function beginTwo(key?: string): Promise<RunningTurn> {
    return alice.begin('two', (await alice.turn('one')).chat.id, key);
  }
  const readTwo = async (chatId: string) => (await alice.readTurns(chatId))[1];
  /** Does something before the table gets the next read. */
  const beforeNextRead = (work: () => Promise<unknown>) =>
    store.faults.inject(() => ({ type: 'wait', until: work() }), { steps: ['read'], times: 1 });

  it('ends by itself as soon as its process hears of the stop', async () => {
    const two = await beginTwo();
    const told: string[] = [];
    let ending: Promise<unknown> | undefined;
    function onStop(lease: string): void {
      told.push(lease);
      ending = alice.end(two, stopped('half'));
    }
    const abandoned: string[] = [];
    const onAbandoned = (lease: string) => void abandoned.push(lease);
    const three = await alice.supersede('three', two.chat.id, { onStop, onAbandoned });
    await ending;
    expect(abandoned).toEqual([]);
    expect(told).toEqual([two.lease]);
    expect(three).toMatchObject({ number: 3, session: { isNew: true } });
    await alice.end(three);
    expect((await alice.readTurns(two.chat.id)).slice(1)).toEqual([
      ['two', 'half:stopped'],
      ['three', 're three'],
    ]);
  });

  it('is ended after a while if its process is dead', async () => {
    const two = await beginTwo();
    store.clock.pauses.length = 0;
    const before = store.faults.calls.length;
    const abandoned: string[] = [];
    const onAbandoned = (lease: string) => void abandoned.push(lease);
    const three = await alice.supersede('three', two.chat.id, { onAbandoned });
    expect(three).toMatchObject({ session: { isNew: true } });
    expect(abandoned).toEqual([two.lease]);
    expect(store.clock.pauses.slice(0, 5)).toEqual([50, 100, 200, 400, 500]);
    const waited = store.clock.pauses.reduce((sum, pause) => sum + pause, 0);
    expect(waited).toBeLessThanOrEqual(STOP_WAIT);
    expect(waited).toBeGreaterThan(STOP_WAIT / 2);
    const looks = store.clock.pauses.length;
    const steps = store.faults.calls.slice(before).map(({ step }) => step);
    const waiting = Array(looks).fill('read');
    expect(steps).toEqual(['begin', 'read', 'read', 'stop', ...waiting, 'recover', 'recover', 'begin']);
    expect(await alice.readTurns(two.chat.id)).toEqual([['one', 're one'], ['two:stopped'], ['three:pending']]);
  });

  it('is ended as soon on a table that takes its time', async () => {
    const two = await beginTwo();
    const takeTime = () => ({ type: 'wait', until: store.clock.sleep(SLOW_CALL) }) as const;
    store.faults.inject(takeTime, { steps: ['read', 'stop', 'recover', 'begin'] });
    const before = store.clock.now();
    await alice.supersede('three', two.chat.id);
    expect(store.clock.now() - before).toBeLessThan(5_000);
  });

  it('goes on if the new one may not stop it, and is asked about by its lease', async () => {
    const two = await beginTwo();
    const asked: string[] = [];
    const mayStop = (lease: string) => asked.push(lease) === 0;
    await expect(alice.supersede('three', two.chat.id, { mayStop })).rejects.toThrow(TurnInProgressError);
    expect(asked).toEqual([two.lease]);
    expect((await readHead(store, two.chat.id))?.['open']).not.toHaveProperty('stop');
  });

  it('is not stopped by a repetition of its own key', async () => {
    const two = await beginTwo('key');
    await expect(alice.supersede('two', two.chat.id, { key: 'key' })).rejects.toThrow(TurnInProgressError);
    await expect(alice.supersede('other', two.chat.id, { key: 'key' })).rejects.toThrow(IdempotencyKeyReusedError);
    expect((await readHead(store, two.chat.id))?.['open']).not.toHaveProperty('stop');
  });

  it('is not waited for if it is stored already, and stays whole', async () => {
    const two = await beginTwo();
    await store.chats.complete('alice', two, done('whole'));
    store.clock.pauses.length = 0;
    const three = await alice.supersede('three', two.chat.id);
    expect(store.clock.pauses).toEqual([]);
    await store.chats.release('alice', two, { number: 2, rememberedBy: MEMORY.agent });
    await alice.end(three);
    expect((await alice.readTurns(two.chat.id)).slice(1)).toEqual([
      ['two', 'whole'],
      ['three', 're three'],
    ]);
  });

  it('stays whole if it is stored while it is waited for', async () => {
    const two = await beginTwo();
    let completing: Promise<unknown> | undefined;
    const onStop = () => void (completing = store.chats.complete('alice', two, done('whole')));
    await alice.supersede('three', two.chat.id, { onStop });
    expect(await completing).toMatchObject({ isStopped: false });
    expect(await readTwo(two.chat.id)).toEqual(['two', 'whole']);
  });

  it('is recovered as before if it is dead by its lease', async () => {
    const { chat } = await alice.turn('one');
    const dead = await alice.beginLongAgo('two', chat.id);
    const abandoned: string[] = [];
    const onAbandoned = (lease: string) => void abandoned.push(lease);
    await alice.supersede('three', chat.id, { mayStop: () => false, onAbandoned });
    expect(abandoned).toEqual([dead.lease]);
    expect(await readTwo(chat.id)).toEqual(['two:failed']);
  });

  it.each<[string, (two: RunningTurn) => Promise<unknown>]>([
    ['dead', async () => undefined],
    ['dead by its lease', (two) => store.leases.end('alice', two)],
    ['stored', (two) => store.chats.complete('alice', two, done('whole'))],
  ])('is reported as abandoned if it is %s, also if the new one fails after that', async (_, prepare) => {
    const two = await beginTwo();
    await prepare(two);
    const abandoned: string[] = [];
    const onAbandoned = (lease: string) => void abandoned.push(lease);
    store.faults.inject({ type: 'refused' }, { steps: ['begin'], skip: 1 });
    const superseding = alice.supersede('three', two.chat.id, { onAbandoned });
    await expect(superseding).rejects.toThrow(StorageUnavailableError);
    expect(abandoned).toEqual([two.lease]);
  });

  it.each<[string, TurnOutcome, string[]]>([
    ['whole', done('late'), ['two', 'late:stopped']],
    ['torn', torn('late'), ['two', 'late:stopped']],
    ['failed', failed, ['two:stopped']],
    ...LATE,
  ])('that completes late adds its text to the stopped turn, and nothing else: %s', async (_, outcome, expected) => {
    const two = await beginTwo();
    const three = await alice.supersede('three', two.chat.id);
    const completed = await store.chats.complete('alice', two, outcome);
    expect(completed).toMatchObject({ number: 2, isStopped: true });
    const head = await readHead(store, two.chat.id);
    await store.chats.release('alice', two, { number: 2, rememberedBy: MEMORY.agent });
    expect(await readHead(store, two.chat.id)).toEqual(head);
    expect(await readTwo(two.chat.id)).toEqual(expected);
    await alice.end(three);
    expect(await readTwo(two.chat.id)).toEqual(expected);
  });

  it.each([
    ['moved by the original system', resetHead, 2],
    ['moved by a turn at its number', leaveTurn, 1],
  ])('that completes late is the same turn if it was %s', async (_, disturb, index) => {
    const [, outcome, expected] = LATE[0]!;
    const { chat } = await alice.turn('one');
    await disturb(store, chat.id, 2);
    const two = await alice.begin('two', chat.id);
    await alice.supersede('three', chat.id);
    const before = (await alice.readTurns(chat.id)).filter(([prompt]) => prompt !== 'two:stopped');
    await store.chats.complete('alice', two, outcome);
    const turns = await alice.readTurns(chat.id);
    expect(turns.filter(([prompt]) => prompt?.startsWith('two'))).toEqual([expected]);
    expect(turns.filter(([prompt]) => !prompt?.startsWith('two'))).toEqual(before);
    expect(turns.findIndex(([prompt]) => prompt?.startsWith('two'))).toBeGreaterThanOrEqual(index);
  });

  it.each(LATE)('that completes late leaves nothing in a chat that is deleted meanwhile: %s', async (_, outcome) => {
    const two = await beginTwo();
    await alice.end(await alice.supersede('three', two.chat.id));
    await store.deletion.delete('alice', two.chat.id);
    await expect(store.chats.complete('alice', two, outcome)).rejects.toThrow(ChatNotFoundError);
    expect(await readRemains(store, two.chat.id)).toEqual([]);
  });

  it.each([0, 1, 2])('is ended while it stores a long reply, after %i of 3 items', async (skip) => {
    const two = await beginTwo();
    let superseding: Promise<RunningTurn> | undefined;
    const supersede = () => (superseding = alice.supersede('three', two.chat.id));
    store.faults.inject(() => ({ type: 'wait', until: supersede() }), { steps: ['complete'], skip, times: 1 });
    expect(await store.chats.complete('alice', two, done(LARGE))).toMatchObject({ isStopped: true });
    await alice.end((await superseding)!);
    expect((await alice.readTurns(two.chat.id)).slice(1)).toEqual([
      ['two', `${LARGE}:stopped`],
      ['three', 're three'],
    ]);
    const pieces = (await readItems(store, two.chat.id)).filter((item) => 'text' in item);
    expect(pieces).toHaveLength(2);
  });

  it('does not show a filtered reply to agents', async () => {
    const two = await beginTwo();
    await alice.end(await alice.supersede('three', two.chat.id));
    const filtered: TurnOutcome = { status: 'done', reply: 'no', citations: [], reason: 'content-filter' };
    await store.chats.complete('alice', two, filtered);
    const { chat } = await store.history.getNewest('alice', two.chat.id, 10);
    const { turns } = await store.history.listConversation('alice', chat, { before: 9, limit: 10 });
    expect(turns.map(({ number }) => number)).toEqual([1, 3]);
  });

  it('makes way for one of two that supersede it at once', async () => {
    const two = await beginTwo();
    const both = await Promise.allSettled(['three', 'four'].map((prompt) => alice.supersede(prompt, two.chat.id)));
    const begun = both.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = both.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect([begun.length, refused]).toEqual([1, [expect.any(TurnInProgressError)]]);
    await alice.end(begun[0]!);
    expect((await alice.readTurns(two.chat.id)).slice(1)).toEqual([
      ['two:stopped'],
      [begun[0]!.prompt, `re ${begun[0]!.prompt}`],
    ]);
  });

  it('is the only one that is stopped: a turn that begins in between goes on', async () => {
    const two = await beginTwo();
    let third: Promise<RunningTurn> | undefined;
    function onStop(): void {
      beforeNextRead(
        () => (third = alice.end(two, stopped('half')).then(() => alice.begin('in between', two.chat.id))),
      );
    }
    await expect(alice.supersede('three', two.chat.id, { onStop })).rejects.toThrow(TurnInProgressError);
    await alice.end((await third)!);
    expect((await alice.readTurns(two.chat.id)).slice(1)).toEqual([
      ['two', 'half:stopped'],
      ['in between', 're in between'],
    ]);
  });

  it('ends the begin that waits for it if the chat is deleted', async () => {
    const two = await beginTwo();
    async function endAndDelete(): Promise<void> {
      await alice.end(two, stopped());
      await store.deletion.delete('alice', two.chat.id);
    }
    const onStop = () => beforeNextRead(endAndDelete);
    await expect(alice.supersede('three', two.chat.id, { onStop })).rejects.toThrow(ChatNotFoundError);
    expect(await readRemains(store, two.chat.id)).toEqual([]);
  });
});
