import { describe, expect, it } from '@jest/globals';
import {
  ChatNotFoundError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnStoppedError,
} from '../../src/chat/model/chat.errors.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import type { TurnIds } from '../../src/chat/model/turn-ids.js';
import { toKeyAttribute } from '../../src/chat/storage/items/remembered-keys.js';
import { putItem, readHead, readRemains, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, MEMORY, stopped, TurnRunner } from '../support/turn-runner.js';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { withChangedResponses } from '../support/changed-responses.js';

const MINUTE = 60_000;
/** Three items. */
const LARGE = 'x'.repeat(601_000);

describe('a turn that is stopped', () => {
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

  describe('with a key', () => {
    /** Repeats a request, and notes the ids that it is told. */
    async function repeat(prompt: string, key: string, chatId?: string): Promise<TurnIds[]> {
      const ids: TurnIds[] = [];
      const terms = { deadline: Date.now() + MINUTE, memory: MEMORY, onTurn: (told: TurnIds) => void ids.push(told) };
      const repeated = store.chats.begin('alice', { chatId, key, prompt }, terms);
      await expect(repeated).rejects.toThrow(TurnStoppedError);
      return ids;
    }

    it.each([
      ['stopped before its first word', stopped()],
      ['stopped', stopped('half')],
    ])('stays stopped, and its ids are told: %s', async (_, outcome) => {
      const { chat } = await alice.turn('one');
      await alice.end(await alice.begin('two', chat.id, 'key'), outcome);
      expect(await repeat('two', 'key', chat.id)).toEqual([
        { chat: chat.id, user: `${chat.id}:2:user`, assistant: `${chat.id}:2` },
      ]);
      const running = await alice.begin('three', chat.id);
      await repeat('two', 'key', chat.id);
      await alice.end(running);
      await repeat('two', 'key', chat.id);
      await expect(alice.attempt('other', chat.id, 'key')).rejects.toThrow(IdempotencyKeyReusedError);
      expect(await alice.readTurns(chat.id)).toHaveLength(3);
    });

    it('stays stopped if it has opened its chat', async () => {
      const one = await alice.begin('one', undefined, 'opening');
      await alice.end(await alice.supersede('two', one.chat.id));
      expect(await repeat('one', 'opening')).toHaveLength(1);
      // The head remembers the keys of 16 turns.
      await setOnHead(store, one.chat.id, { turns: 19 });
      await alice.turn('more', one.chat.id);
      expect(await readHead(store, one.chat.id)).not.toHaveProperty(toKeyAttribute('opening'));
      expect(await repeat('one', 'opening')).toHaveLength(1);
      await store.chats.complete('alice', one, done('late'));
      expect(await repeat('one', 'opening')).toHaveLength(1);
    });

    it('is stopped if it is told to, dies, and is repeated', async () => {
      const two = await beginTwo('told');
      await store.stops.stop('alice', two.chat.id);
      await setOnHead(store, two.chat.id, { 'open.until': Date.now() - 1 });
      expect(await repeat('two', 'told', two.chat.id)).toHaveLength(1);
      expect(await readTwo(two.chat.id)).toEqual(['two:stopped']);
    });

    it('is stopped if it fails first and is stopped late, unless its key is taken over', async () => {
      const { chat } = await alice.turn('one');
      const dead = await alice.beginLongAgo('two', chat.id, 'late');
      await alice.turn('three', chat.id);
      await store.chats.complete('alice', dead, stopped('half'));
      expect(await readTwo(chat.id)).toEqual(['two', 'half:stopped']);
      await repeat('two', 'late', chat.id);
    });
  });

  describe('by a delete', () => {
    it('ends by itself, and nothing is left', async () => {
      const two = await beginTwo();
      let ending: Promise<unknown> | undefined;
      const onStop = () => void (ending = alice.end(two, stopped('half')));
      expect(await store.deletion.delete('alice', two.chat.id, { onStop })).toMatchObject({ agent: 'agent' });
      await ending;
      expect(await readRemains(store, two.chat.id)).toEqual([]);
    });

    it('is ended if its process is dead, and nothing is left of a late completion', async () => {
      const two = await beginTwo();
      await store.deletion.delete('alice', two.chat.id, { onStop: () => undefined });
      await expect(store.chats.complete('alice', two, done(LARGE))).rejects.toThrow(ChatNotFoundError);
      expect(await readRemains(store, two.chat.id)).toEqual([]);
    });

    it.each([0, 1, 2])('leaves nothing of a long reply whose %i first items are stored by then', async (skip) => {
      const two = await beginTwo();
      const remove = () => store.deletion.delete('alice', two.chat.id, { onStop: () => undefined });
      store.faults.inject(() => ({ type: 'wait', until: remove() }), { steps: ['complete'], skip, times: 1 });
      await expect(store.chats.complete('alice', two, done(LARGE))).rejects.toThrow(ChatNotFoundError);
      expect(await readRemains(store, two.chat.id)).toEqual([]);
    });

    it('leaves nothing of a late completion whose process dies between two items', async () => {
      const two = await beginTwo();
      await alice.end(await alice.supersede('three', two.chat.id));
      await store.deletion.delete('alice', two.chat.id);
      store.faults.inject({ type: 'refused' }, { steps: ['complete'], skip: 1 });
      await expect(store.chats.complete('alice', two, done(LARGE))).rejects.toThrow();
      expect(await readRemains(store, two.chat.id)).toEqual([]);
    });

    it('is refused for a turn that begins in between', async () => {
      const two = await beginTwo();
      let third: Promise<RunningTurn> | undefined;
      function onStop(): void {
        beforeNextRead(() => (third = alice.end(two, stopped()).then(() => alice.begin('in between', two.chat.id))));
      }
      const deleting = store.deletion.delete('alice', two.chat.id, { onStop });
      await expect(deleting).rejects.toThrow(TurnInProgressError);
      await alice.end((await third)!);
    });

    it('is refused as before without a stop', async () => {
      const two = await beginTwo();
      await expect(store.deletion.delete('alice', two.chat.id)).rejects.toThrow(TurnInProgressError);
    });
  });
});

const usage = { inputTokens: 1, outputTokens: 2 };
const tooLong: TurnOutcome = { status: 'done', reply: 'long', citations: [], reason: 'length' };
const torn: TurnOutcome = { status: 'partial', reply: 'torn', citations: [] };

describe('a turn that another process runs', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  it('is found while it runs', async () => {
    const { chat } = await alice.turn('one');
    expect(await store.openTurns.find('alice', chat.id)).toBeUndefined();
    const turn = await alice.begin('two', chat.id);
    const found = await store.openTurns.find('alice', chat.id);
    expect(found).toMatchObject({ lease: turn.lease, until: turn.storeUntil, number: 2, chat: { title: 'one' } });
    expect(found?.chat).not.toHaveProperty('messages');
    expect(await store.openTurns.find('bob', chat.id)).toBeUndefined();
    await setOnHead(store, chat.id, { 'open.until': Date.now() - 1 });
    expect(await store.openTurns.find('alice', chat.id)).toBeUndefined();
    expect(await store.openTurns.find('alice', 'unknown')).toBeUndefined();
  });

  it('holds its chat until it has left, with a lease that may be renewed', async () => {
    const turn = await alice.begin('one');
    const look = () => store.openTurns.look('alice', turn);
    expect(await look()).toEqual({ until: turn.storeUntil });
    const renewed = await store.leases.renew('alice', turn, turn.storeUntil + 60_000);
    expect(await look()).toEqual({ until: renewed.storeUntil });
    await alice.end(renewed);
    expect(await look()).toBeUndefined();
    await alice.begin('two', turn.chat.id);
    expect(await look()).toBeUndefined();
  });

  it('has ended as soon as it is stored, although its chat is not released', async () => {
    const turn = await alice.begin('one');
    expect(await store.openTurns.isStored('alice', turn)).toBe(false);
    await store.chats.complete('alice', turn, done('yes'));
    expect(await store.openTurns.isStored('alice', turn)).toBe(true);
    expect(await store.openTurns.look('alice', turn)).toBeUndefined();
    const stored = await store.openTurns.findStored('alice', turn, 0);
    expect(stored).toMatchObject({ status: 'done', chat: { title: 'one' } });
  });

  it('holds its chat though the read is older than its begin', async () => {
    const { chat } = await alice.turn('one');
    const Key = { id: chat.id, user_id: 'alice' };
    const old = await store.client.send(new GetCommand({ TableName: store.environment.DYNAMODB_TABLE, Key }));
    const turn = await alice.begin('two', chat.id);
    const held = await withChangedResponses(
      store.client,
      'GetItemCommand',
      () => ({ Item: old.Item }),
      () => store.openTurns.look('alice', turn),
    );
    expect(held).toEqual({ until: turn.storeUntil });
  });

  it.each([
    ['done', done('yes'), ['yes'], 'stop'],
    ['done', done(LARGE), [LARGE], 'stop'],
    ['done', tooLong, ['long'], 'length'],
    ['partial', torn, ['torn'], undefined],
    ['stopped', stopped('half'), ['half'], undefined],
    ['stopped', stopped(), [], undefined],
    ['failed', failed, [], undefined],
  ])('is found as it is stored: %s', async (status, outcome, replies, reason) => {
    const turn = await alice.begin('one');
    expect(await store.openTurns.findStored('alice', turn, 0)).toBeUndefined();
    await alice.end(turn, { ...outcome, usage });
    const stored = await store.openTurns.findStored('alice', turn, 0);
    expect(stored).toMatchObject({ status, number: 1, usage });
    expect(stored?.reason).toBe(reason);
    expect(stored?.messages.slice(1).map(({ content }) => content)).toEqual(replies);
  });

  it('is found by its lease alone, where it had to move', async () => {
    const { chat } = await alice.turn('one');
    await putItem(store, {
      id: chat.id,
      user_id: turnSortKey('alice', 2),
      prompt: 'left',
      answer: 'x',
      status: 'done',
    });
    const two = await alice.begin('two', chat.id);
    expect(two.number).toBe(2);
    await alice.end(two);
    await alice.turn('three', chat.id);
    const stored = await store.openTurns.findStored('alice', two, 0);
    expect(stored).toMatchObject({ number: 3, messages: [{ content: 'two' }, { content: 're two' }] });
    expect(await store.openTurns.findStored('alice', { ...two, lease: 'another' }, 0)).toBeUndefined();
  });

  it('is not found in a chat that is deleted', async () => {
    const turn = await alice.turn('one');
    await store.deletion.delete('alice', turn.chat.id);
    await expect(store.openTurns.findStored('alice', turn, 0)).rejects.toThrow(ChatNotFoundError);
  });
});
