import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import { continuationSortKey } from '../../src/chat/storage/items/split-reply.js';
import { toTombstone } from '../../src/chat/storage/items/tombstone.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { leaveTurn, originalChat, putItem, setOnHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { done, TurnRunner } from '../support/turn-runner.js';

const LARGE = 'x'.repeat(601_000);
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
