import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import type { LeasedTurn } from '../../src/chat/storage/dynamo-turn-stop.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { originalChat, putItem, readHead, removeItem, resetHead, setOnHead } from '../support/chat-items.js';
import { type TableResponse, withChangedResponses } from '../support/changed-responses.js';
import { useChatStore } from '../support/chat-store.js';
import { stopped, TurnRunner } from '../support/turn-runner.js';

/** A write that waits for so many calls waits for `deliverRest`. */
const LATER = { calls: 1000 };
const LARGE = 'x'.repeat(310_000);

const toLeased = ({ chat, lease, at }: RunningTurn, userId = 'alice'): LeasedTurn => ({
  userId,
  chatId: chat.id,
  lease,
  at,
});

describe('the stop of a turn', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  const openOf = async (chatId: string) => (await readHead(store, chatId))?.['open'];
  const table = () => store.environment.DYNAMODB_TABLE;
  async function listStopped(turns: readonly LeasedTurn[]): Promise<string[]> {
    const leases: string[] = [];
    await store.stops.findStopped(turns, (lease) => leases.push(lease));
    return leases;
  }
  const stop = (chatId: string) => store.stops.stop('alice', chatId);

  it('marks the turn that runs, and can be repeated', async () => {
    const turn = await alice.begin('one');
    expect(await openOf(turn.chat.id)).not.toHaveProperty('stop');
    expect(await stop(turn.chat.id)).toBe(turn.lease);
    expect(await stop(turn.chat.id)).toBe(turn.lease);
    expect(await openOf(turn.chat.id)).toMatchObject({ lease: turn.lease, stop: true });
    expect(await alice.readTurns(turn.chat.id)).toEqual([['one:pending']]);
  });

  it('ends with the release of the turn', async () => {
    const { chat } = await alice.turn('one');
    const turn = await alice.begin('two', chat.id);
    await stop(chat.id);
    await alice.end(turn, stopped('half'));
    expect(await openOf(chat.id)).toBeUndefined();
    expect(await alice.readTurns(chat.id)).toEqual([
      ['one', 're one'],
      ['two', 'half:stopped'],
    ]);
    const next = await alice.begin('three', chat.id);
    expect(next.session.isNew).toBe(true);
    expect(await openOf(chat.id)).not.toHaveProperty('stop');
  });

  it('leaves one message of a turn without a word', async () => {
    const turn = await alice.begin('one');
    const completed = await store.chats.complete('alice', turn, stopped());
    expect(completed).toMatchObject({ isStopped: true, messages: [{ role: 'user', status: 'stopped' }] });
    expect(await alice.readTurns(turn.chat.id)).toEqual([['one:stopped']]);
  });

  it('keeps a reply of several items, with its citations and tokens', async () => {
    const turn = await alice.begin('one');
    const usage = { inputTokens: 3, outputTokens: 4 };
    await alice.end(turn, { status: 'stopped', reply: LARGE, citations: [{ title: 'a' }], usage });
    const { turns } = (await store.history.getNewest('alice', turn.chat.id, 10)).history;
    expect(turns[0]?.messages[1]).toMatchObject({
      content: LARGE,
      status: 'stopped',
      citations: [{ title: 'a' }],
      usage,
    });
  });

  it('is a part of the conversation if it has text', async () => {
    const { chat } = await alice.end(await alice.begin('one'), stopped('half'));
    await alice.end(await alice.begin('two', chat.id), stopped());
    const read = await store.history.getNewest('alice', chat.id, 10);
    const { turns } = await store.history.listConversation('alice', read.chat, { before: 9, limit: 10 });
    expect(turns.map(({ number }) => number)).toEqual([1]);
  });

  it('finds no turn that has ended, or is dead', async () => {
    const ended = await alice.turn('one');
    expect(await stop(ended.chat.id)).toBeUndefined();
    const dead = await alice.beginLongAgo('two', ended.chat.id);
    expect(await stop(ended.chat.id)).toBeUndefined();
    expect(await openOf(dead.chat.id)).not.toHaveProperty('stop');
  });

  it('finds no turn that ends between the read and the write', async () => {
    const turn = await alice.begin('one');
    let next: RunningTurn | undefined;
    const endAndBegin = async () => {
      await alice.end(turn);
      next = await alice.begin('two', turn.chat.id);
    };
    store.faults.inject(() => ({ type: 'wait', until: endAndBegin() }), { steps: ['stop'] });
    expect(await stop(turn.chat.id)).toBeUndefined();
    expect(await openOf(turn.chat.id)).toMatchObject({ lease: next?.lease });
    expect(await openOf(turn.chat.id)).not.toHaveProperty('stop');
  });

  it.each(['another user', 'an unknown chat', 'a deleted chat'])('is refused for %s', async (kind) => {
    const { chat } = await alice.turn('one');
    if (kind === 'a deleted chat') await store.deletion.delete('alice', chat.id);
    const user = kind === 'another user' ? 'bob' : 'alice';
    const id = kind === 'an unknown chat' ? 'unknown' : chat.id;
    await expect(store.stops.stop(user, id)).rejects.toThrow(ChatNotFoundError);
  });

  it('makes room in a head that is full', async () => {
    const messages = [{ role: 'user', content: 'x'.repeat(408_000) }];
    await putItem(store, originalChat('full', messages));
    const turn = await alice.begin('one', 'full');
    const padding = 409_590 - JSON.stringify(await readHead(store, 'full')).length;
    await setOnHead(store, 'full', { title: 'x'.repeat(Math.max(0, padding)) });
    await expect(setOnHead(store, 'full', { 'open.at': turn.at + 'x'.repeat(300) })).rejects.toThrow(/size/i);
    // Fill what is left, byte by byte.
    for (let free = 256; free >= 1; free /= 2) {
      const { title } = (await readHead(store, 'full')) as unknown as { title: string };
      await setOnHead(store, 'full', { title: title + 'x'.repeat(free) }).catch(() => undefined);
    }
    expect(await stop('full')).toBe(turn.lease);
    expect(await openOf('full')).toMatchObject({ stop: true });
    expect(await readHead(store, 'full')).toHaveProperty('inline_item');
  });

  it('hits no later turn if it arrives late or twice', async () => {
    const one = await alice.begin('one');
    store.faults.inject({ type: 'late', after: LATER }, { steps: ['stop'], times: 1 });
    store.faults.inject({ type: 'redelivery', after: LATER }, { steps: ['stop'], times: 1 });
    expect(await stop(one.chat.id)).toBe(one.lease);
    await alice.end(one, stopped('half'));
    const two = await alice.begin('two', one.chat.id);
    const before = store.faults.repeated.length;
    await store.faults.deliverRest();
    expect(store.faults.repeated.slice(before).map(({ isRefused }) => isRefused)).toEqual([true, true]);
    expect(await openOf(one.chat.id)).not.toHaveProperty('stop');
    await alice.end(two);
  });

  it.each([
    ['stopped', 'two:stopped', true],
    ['failed', 'two:failed', false],
  ])('keeps a dead turn as %s', async (_, expected, isTold) => {
    const { chat } = await alice.turn('one');
    const dead = await alice.begin('two', chat.id);
    if (isTold) await stop(chat.id);
    await setOnHead(store, chat.id, { 'open.until': Date.now() - 1 });
    expect((await alice.readTurns(chat.id))[1]).toEqual([expected]);
    const abandoned: string[] = [];
    const onAbandoned = (lease: string) => void abandoned.push(lease);
    await alice.end(await alice.supersede('three', chat.id, { onAbandoned }));
    expect(abandoned).toEqual([dead.lease]);
    expect(await alice.readTurns(chat.id)).toEqual([['one', 're one'], [expected], ['three', 're three']]);
  });

  it.each([false, 'yes'])('of another form makes the open turn one of another system: %j', async (value) => {
    const { chat } = await alice.turn('one');
    await alice.begin('two', chat.id);
    await setOnHead(store, chat.id, { 'open.stop': value });
    expect(await stop(chat.id)).toBeUndefined();
    await alice.turn('three', chat.id);
    expect((await alice.readTurns(chat.id)).at(-1)).toEqual(['three', 're three']);
  });

  it('is read from an item of another form as far as it can be', async () => {
    const { chat } = await alice.turn('one');
    const item = { id: chat.id, user_id: turnSortKey('alice', 1), prompt: 'one', status: 'stopped' };
    await putItem(store, item);
    expect(await alice.readTurns(chat.id)).toEqual([['one:stopped']]);
    await putItem(store, { ...item, answer: 7 });
    await expect(alice.readTurns(chat.id)).rejects.toMatchObject({ item: { attribute: 'answer' } });
  });

  describe('as the process of the turn looks for it', () => {
    it('is found for many turns with one call for each 100 chats', async () => {
      const { at } = await alice.begin('one');
      const turns = Array.from({ length: 103 }, (_, index) => ({
        userId: 'alice',
        chatId: `many-${index}`,
        lease: `lease-${index}`,
        at,
      }));
      await Promise.all(
        turns.map(({ chatId, lease }) =>
          putItem(store, {
            ...originalChat(chatId, []),
            open: { lease, until: Date.now() + 60_000, prompt: 'one', at },
          }),
        ),
      );
      await Promise.all(turns.slice(97).map(({ chatId }) => stop(chatId)));
      const before = store.faults.calls.length;
      const leases = await listStopped(turns);
      expect(leases.toSorted()).toEqual(
        turns
          .slice(97)
          .map(({ lease }) => lease)
          .toSorted(),
      );
      expect(store.faults.calls.slice(before).map(({ command }) => command)).toEqual([
        'BatchGetItemCommand',
        'BatchGetItemCommand',
      ]);
    });

    it('asks for nothing if no turn runs', async () => {
      const before = store.faults.calls.length;
      expect(await listStopped([])).toEqual([]);
      expect(store.faults.calls.length).toBe(before);
    });

    it('is true for turns that have left their chats, and for the older of two in one chat', async () => {
      const one = await alice.turn('one');
      const two = await alice.begin('two', one.chat.id);
      const gone = await alice.turn('gone');
      await store.deletion.delete('alice', gone.chat.id);
      const lost = await alice.begin('lost');
      await removeItem(store, { id: lost.chat.id, user_id: 'alice' });
      const turns = [one, two, gone, lost].map((turn) => toLeased(turn));
      expect((await listStopped(turns)).toSorted()).toEqual([one.lease, gone.lease, lost.lease].toSorted());
    });

    it('is not true for a turn whose head the original system has written anew', async () => {
      const { chat } = await alice.turn('one');
      const two = await alice.begin('two', chat.id);
      const fresh = await alice.begin('new');
      await resetHead(store, chat.id);
      await putItem(store, originalChat(fresh.chat.id, []));
      expect(await listStopped([toLeased(two), toLeased(fresh)])).toEqual([]);
      const three = await alice.begin('three', chat.id);
      expect(await listStopped([toLeased(two), toLeased(three)])).toEqual([two.lease]);
      await alice.end(three);
      expect(await listStopped([toLeased(two)])).toEqual([two.lease]);
    });

    it('is not believed of a read that is older than the turn', async () => {
      const { chat } = await alice.turn('one');
      const key = { id: chat.id, user_id: 'alice' };
      const old = await store.client.send(new BatchGetCommand({ RequestItems: { [table()]: { Keys: [key] } } }));
      const turns = [await alice.begin('two', chat.id), await alice.begin('in a new chat')];
      const list = () =>
        withChangedResponses(
          store.client,
          'BatchGetItemCommand',
          () => ({ Responses: old.Responses }),
          () => listStopped(turns.map((turn) => toLeased(turn))),
        );
      expect(await list()).toEqual([]);
      await stop(chat.id);
      expect(await list()).toEqual([turns[0]!.lease]);
    });

    it('is left to the next look if DynamoDB has no capacity for a key', async () => {
      const turns = [await alice.begin('one'), await alice.begin('two')];
      for (const { chat } of turns) await stop(chat.id);
      const list = () => listStopped(turns.map((turn) => toLeased(turn)));
      /** The response of a table that has not processed the first key. */
      function leaveFirst({ Responses }: TableResponse): TableResponse {
        const items = (Responses as Record<string, { id: string; user_id: string }[]>)[table()]!;
        const isFirst = ({ id }: { id: string }) => id === turns[0]!.chat.id;
        const Keys = items.filter(isFirst).map(({ id, user_id }) => ({ id, user_id }));
        const others = items.filter((item) => !isFirst(item));
        return { Responses: { [table()]: others }, UnprocessedKeys: { [table()]: { Keys } } };
      }
      const before = store.faults.calls.length;
      const found = await withChangedResponses(store.client, 'BatchGetItemCommand', leaveFirst, list);
      expect(found).toEqual([turns[1]!.lease]);
      expect(store.faults.calls.length - before).toBe(1);
      expect(await list()).toHaveLength(2);
    });

    it('is unknown while the table is unavailable', async () => {
      const turn = await alice.begin('one');
      store.faults.inject({ type: 'refused' }, { commands: ['BatchGetItemCommand'] });
      await expect(listStopped([toLeased(turn)])).rejects.toThrow(StorageUnavailableError);
    });

    it('is seen although another turn cannot be confirmed, and the failure is thrown after that', async () => {
      const turns = [await alice.begin('lost'), await alice.begin('two')];
      const [lost, stoppedOne] = turns.map((turn) => toLeased(turn));
      await removeItem(store, { id: lost!.chatId, user_id: 'alice' });
      await stop(stoppedOne!.chatId);
      store.faults.inject({ type: 'refused' }, { commands: ['GetItemCommand'] });
      const seen: string[] = [];
      const looking = store.stops.findStopped([lost!, stoppedOne!], (lease) => seen.push(lease));
      await expect(looking).rejects.toThrow(StorageUnavailableError);
      expect(seen).toEqual([stoppedOne!.lease]);
    });
  });
});
