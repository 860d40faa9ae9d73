import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { putItem, setOnHead } from '../support/chat-items.js';
import { withChangedResponses } from '../support/changed-responses.js';
import { useChatStore } from '../support/chat-store.js';
import { done, failed, stopped, TurnRunner } from '../support/turn-runner.js';

const LARGE = 'x'.repeat(310_000);
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
    const isHeld = () => store.openTurns.isHeld('alice', turn.chat.id, turn.lease);
    expect(await isHeld()).toEqual({ until: turn.storeUntil });
    const renewed = await store.leases.renew('alice', turn, turn.storeUntil + 60_000);
    expect(await isHeld()).toEqual({ until: renewed.storeUntil });
    await alice.end(renewed);
    expect(await isHeld()).toBeUndefined();
    await alice.begin('two', turn.chat.id);
    expect(await isHeld()).toBeUndefined();
  });

  it('holds its chat though the read is older than its begin', async () => {
    const { chat } = await alice.turn('one');
    const Key = { id: chat.id, user_id: 'alice' };
    const old = await store.client.send(new GetCommand({ TableName: store.environment.DYNAMODB_TABLE, Key }));
    const { lease, storeUntil: until } = await alice.begin('two', chat.id);
    const held = await withChangedResponses(
      store.client,
      'GetItemCommand',
      () => ({ Item: old.Item }),
      () => store.openTurns.isHeld('alice', chat.id, lease),
    );
    expect(held).toEqual({ until });
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
    expect(await store.openTurns.findStored('alice', turn.chat.id, turn)).toBeUndefined();
    await alice.end(turn, { ...outcome, usage });
    const stored = await store.openTurns.findStored('alice', turn.chat.id, turn);
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
    const stored = await store.openTurns.findStored('alice', chat.id, two);
    expect(stored).toMatchObject({ number: 3, messages: [{ content: 'two' }, { content: 're two' }] });
    expect(await store.openTurns.findStored('alice', chat.id, { lease: 'another', number: 1 })).toBeUndefined();
  });

  it('is not found in a chat that is deleted', async () => {
    const turn = await alice.turn('one');
    await store.deletion.delete('alice', turn.chat.id);
    await expect(store.openTurns.findStored('alice', turn.chat.id, turn)).rejects.toThrow(ChatNotFoundError);
  });
});
