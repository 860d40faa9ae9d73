import { describe, expect, it } from '@jest/globals';
import { itemsOf, setAttribute } from '../../test/support/chat-items.js';
import { chatStoreForTests } from '../../test/support/chat-store.js';
import { done, TurnRunner } from '../../test/support/turn-runner.js';
import { ChatNotFoundError, TurnInProgressError } from './chat.errors.js';
import { headKey } from './head-item.js';

const LARGE = 'x'.repeat(700_000);

describe('DynamoChatDeletion', () => {
  const store = chatStoreForTests();
  const alice = new TurnRunner(store, 'alice');

  it('takes a chat out of every answer, and finds nothing a second time', async () => {
    const { chat } = await alice.turn('one', (await alice.turn('zero')).chat.id);
    await store.deletion.delete('alice', chat.id);
    await expect(store.history.newest('alice', chat.id, 10)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await expect(store.deletion.delete('alice', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
  });

  it('goes on where an interrupted one has stopped', async () => {
    const { chat } = await alice.turn('one');
    await setAttribute(store, headKey('alice', chat.id), 'deleted_at', new Date().toISOString());
    await expect(alice.begin('two', chat.id)).rejects.toBeInstanceOf(ChatNotFoundError);
    await store.deletion.delete('alice', chat.id);
    const [, turn] = await itemsOf(store, chat.id);
    expect(turn).not.toHaveProperty('prompt');
  });

  it('is refused while a turn runs', async () => {
    const running = await alice.begin('one');
    await expect(store.deletion.delete('alice', running.chat.id)).rejects.toBeInstanceOf(TurnInProgressError);
    await alice.end(running);
  });

  it('leaves nothing of an answer that comes while its chat is deleted', async () => {
    const { chat } = await alice.turn('one');
    const late = await alice.beginLongAgo('two', chat.id);
    store.faults.inject({ type: 'delay', milliseconds: 1000 }, { commands: ['BatchWriteItemCommand'], times: 1 });
    const seen = store.faults.calls.length;
    const deleting = store.deletion.delete('alice', chat.id);
    while (!store.faults.calls.slice(seen).some(({ command }) => command === 'BatchWriteItemCommand')) {
      await new Promise((resume) => setTimeout(resume, 5));
    }
    // In time or not is the same: the chat is gone, and so is the answer.
    await store.chats.complete('alice', late, done(LARGE)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ChatNotFoundError);
    });
    await deleting;
    const items = await itemsOf(store, chat.id);
    expect(items.filter((item) => !('deleted_at' in item))).toEqual([]);
  });
});
