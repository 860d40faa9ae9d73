import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatStore, startChatStore } from '../../test/support/chat-store.js';
import { startStorageFaults, type StorageFaults } from '../../test/support/storage-faults.js';
import { headKey } from './head-item.js';

const LARGE = 'x'.repeat(400_000);
const longAgo = () => Date.now() - 60_000;
const soon = () => Date.now() + 25_000;

/** How far a turn came before its process died. */
type Progress = 'nothing' | 'begun' | 'completed' | 'released';

/** Which call to the table is the last, and whether it still arrives. */
const CRASHES = Array.from({ length: 11 }, (_crash, call) => [
  { call, arrives: false },
  { call, arrives: true },
]).flat();

describe('a process that dies at any call to the table', () => {
  let store: ChatStore;
  let faults: StorageFaults;
  beforeAll(async () => {
    store = await startChatStore();
    faults = await startStorageFaults(store.client);
  });
  afterEach(() => faults.clear());
  afterAll(async () => {
    faults.close();
    await store.close();
  });

  async function turn(prompt: string, answer: string | undefined, chatId?: string, key?: string, deadline = soon()) {
    const begun = await store.chats.begin('alice', { chatId, key, prompt, deadline });
    if ('answer' in begun) return begun.chatId;
    const outcome =
      answer === undefined ? { status: 'failed' as const } : { status: 'done' as const, answer, citations: [] };
    reached = 'begun';
    const { number } = await store.chats.complete('alice', begun, outcome);
    reached = 'completed';
    await store.chats.release('alice', begun, number, answer !== undefined);
    reached = 'released';
    return begun.chat.id;
  }
  let reached: Progress = 'nothing';

  /** Runs `work`, which dies at a call. @returns how far its turn came. */
  async function dying({ call, arrives }: (typeof CRASHES)[number], work: () => Promise<unknown>): Promise<Progress> {
    reached = 'nothing';
    if (arrives) faults.inject({ type: 'reply lost' }, { skip: call, times: 1 });
    faults.inject({ type: 'refused' }, { skip: call });
    await work().catch(() => undefined);
    // A begin is let go in the background: it dies as well.
    await new Promise((resume) => setTimeout(resume, 20));
    faults.clear();
    return reached;
  }

  /** The lease of the turn that holds the chat runs out, if there is one. */
  async function leaseRunsOut(chatId: string): Promise<void> {
    const command = new UpdateCommand({
      TableName: store.tableName,
      Key: headKey('alice', chatId),
      ConditionExpression: 'attribute_exists(#open)',
      UpdateExpression: 'SET #open.#until = :past',
      ExpressionAttributeNames: { '#open': 'open', '#until': 'until' },
      ExpressionAttributeValues: { ':past': longAgo() },
    });
    await store.table.send(command).catch(() => undefined);
  }

  const turnsOf = async (chatId: string) => {
    const { history } = await store.history.newest('alice', chatId, 1000);
    return history.turns.map(({ messages }) =>
      messages.map(({ content, status }) => [content, status].filter(Boolean).join(':')),
    );
  };

  it.each(CRASHES)('leaves a chat that goes on, after clearing a dead turn away: %o', async (crash) => {
    const chatId = await turn('one', 're one');
    await store.chats.begin('alice', { chatId, key: undefined, prompt: 'two', deadline: longAgo() });
    const progress = await dying(crash, () => turn('three', LARGE, chatId));
    await leaseRunsOut(chatId);
    await turn('four', 're four', chatId);
    const [one, two, ...rest] = await turnsOf(chatId);
    expect([one, two]).toEqual([['one', 're one'], ['two:failed']]);
    expect(rest.pop()).toEqual(['four', 're four']);
    const answered = [['three', LARGE]];
    const unanswered = [['three:failed']];
    const possible = {
      nothing: [[], unanswered],
      begun: [unanswered, answered],
      completed: [answered],
      released: [answered],
    };
    expect(possible[progress]).toContainEqual(rest);
  });

  it.each(CRASHES)('leaves a key that is answered once, after taking it over: %o', async (crash) => {
    const chatId = await turn('one', 're one');
    await turn('two', undefined, chatId, 'key');
    const progress = await dying(crash, () => turn('two', LARGE, chatId, 'key'));
    await leaseRunsOut(chatId);
    await turn('two', LARGE, chatId, 'key');
    const [one, failed, ...rest] = await turnsOf(chatId);
    expect([one, failed]).toEqual([['one', 're one'], ['two:failed']]);
    expect(rest.pop()).toEqual(['two', LARGE]);
    expect([[], [['two:failed']]]).toContainEqual(rest);
    if (progress === 'completed' || progress === 'released') expect(rest).toEqual([]);
    const again = await store.chats.begin('alice', { chatId, key: 'key', prompt: 'two', deadline: soon() });
    expect(again).toMatchObject({ chatId, answer: { content: LARGE } });
  });

  it.each(CRASHES)('leaves a chat that can be deleted to the end: %o', async (crash) => {
    const chatId = await turn('one', LARGE);
    await store.chats.begin('alice', { chatId, key: undefined, prompt: 'two', deadline: longAgo() });
    await dying(crash, () => store.chats.delete('alice', chatId));
    await store.chats.delete('alice', chatId).catch((error: unknown) => {
      expect(error).toMatchObject({ kind: 'not-found' });
    });
    const command = new QueryCommand({
      TableName: store.tableName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': chatId },
      ConsistentRead: true,
    });
    const { Items: items = [] } = await store.table.send(command);
    const names = items.map((item) => Object.keys(item).toSorted().join());
    expect([...new Set(names)]).toEqual(['deleted_at,expires_at,id,user_id']);
  });
});
