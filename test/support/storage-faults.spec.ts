import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readItems } from './chat-items.js';
import { useChatStore } from './chat-store.js';
import { useTimeouts } from './client-timeouts.js';
import type { StorageFaults } from './storage-faults.js';
import { failed, TurnRunner } from './turn-runner.js';

describe('startStorageFaults', () => {
  const store = useChatStore();
  let sut: StorageFaults;
  beforeAll(() => {
    sut = store.faults;
  });

  const put = (id: string, text: string, condition = 'attribute_not_exists(id)') =>
    store.client.send(
      new PutCommand({
        TableName: store.environment.DYNAMODB_TABLE,
        Item: { id, user_id: 'x', text },
        ConditionExpression: condition,
      }),
    );
  const textOf = async (id: string): Promise<unknown> => (await readItems(store, id))[0]?.['text'];
  const anyway = 'attribute_exists(id) OR attribute_not_exists(id)';

  it('throttles: nothing is written, and the SDK tries again', async () => {
    sut.inject({ type: 'throttle' }, { times: 2 });
    const before = sut.calls.length;
    await expect(put('throttled', 'a')).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(sut.calls.length - before).toBe(2);
    expect(await textOf('throttled')).toBeUndefined();
    await put('throttled', 'a');
    expect(await textOf('throttled')).toBe('a');
  });

  it('loses a reply: it is written, and the attempt after it meets what is there', async () => {
    sut.inject({ type: 'reply lost' }, { times: 1 });
    await expect(put('lost', 'a')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await textOf('lost')).toBe('a');
  });

  it('delivers twice at once: the caller gets the second answer', async () => {
    sut.inject({ type: 'redelivery', after: 'at once' }, { times: 1 });
    await expect(put('twice', 'a')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(sut.repeated.at(-1)).toMatchObject({ chatId: 'twice', isRefused: true });
  });

  it('delivers again after further calls', async () => {
    sut.inject({ type: 'redelivery', after: { calls: 2 } }, { times: 1 });
    await put('later', 'a', anyway);
    await put('later', 'b', anyway);
    expect(await textOf('later')).toBe('b');
    await put('other', 'c', anyway);
    expect(await textOf('later')).toBe('a');
    expect(sut.repeated.at(-1)).toMatchObject({ chatId: 'later', isRefused: false });
  });

  it('delivers late: the attempt after it is answered first', async () => {
    sut.inject({ type: 'late', after: { calls: 2 } }, { times: 1 });
    await put('late', 'a', anyway);
    await put('late', 'b', anyway);
    expect(await textOf('late')).toBe('a');
    expect(sut.repeated.at(-1)).toMatchObject({ chatId: 'late', isRefused: false });
  });

  it('delivers the rest when told to', async () => {
    sut.inject({ type: 'redelivery', after: 'delete' }, { times: 1 });
    await put('rest', 'a', anyway);
    await put('rest', 'b', anyway);
    await sut.deliverRest();
    expect(await textOf('rest')).toBe('a');
    expect(sut.repeated.at(-1)).toMatchObject({ chatId: 'rest', after: 'rest', isRefused: false });
  });

  it.each(['hang', 'stall'] as const)('answers nothing whole until the client’s own time-out: %s', async (type) => {
    useTimeouts(store.client, 300);
    sut.inject({ type });
    await expect(put(type, 'a')).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await textOf(type)).toBeUndefined();
    useTimeouts(store.client);
  });

  it('delays', async () => {
    sut.inject({ type: 'delay', milliseconds: 200 }, { times: 1 });
    const start = performance.now();
    await put('delayed', 'a');
    expect(performance.now() - start).toBeGreaterThan(190);
  });

  it('meets the chosen commands and steps alone, from the chosen one on', async () => {
    sut.inject({ type: 'throttle' }, { commands: ['GetItemCommand'] });
    sut.inject({ type: 'throttle' }, { steps: ['begin'] });
    sut.inject({ type: 'throttle' }, { commands: ['PutItemCommand'], skip: 1, times: 2 });
    await put('first', 'a');
    await expect(put('second', 'a')).rejects.toMatchObject({ name: 'ThrottlingException' });
    await put('third', 'a');
  });

  it('knows what each call of a turn is for', async () => {
    const before = sut.calls.length;
    const alice = new TurnRunner(store, 'alice');
    const begun = await alice.end(await alice.begin('hi'), failed);
    await store.deletion.delete('alice', begun.chat.id);
    const calls = sut.calls.slice(before);
    expect(calls.map(({ step }) => step).slice(0, 5)).toEqual(['begin', 'complete', 'release', 'read', 'delete']);
    expect(calls.at(-1)).toEqual({
      step: 'delete',
      command: 'BatchWriteItemCommand',
      chatId: begun.chat.id,
      endsDelete: true,
    });
    expect(new Set(calls.map(({ chatId }) => chatId))).toEqual(new Set([begun.chat.id]));
  });
});
