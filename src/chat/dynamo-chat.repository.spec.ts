import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDynamoDbClient } from '../aws/dynamodb.client.js';
import { type Environment, loadEnvironment } from '../config/environment.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../local/embedded-dynamodb.js';
import { type HeadItem, headKey } from './chat-items.js';
import { ensureChatTable } from './chat-table.js';
import { ChatNotFoundError, TurnInProgressError } from './chat.errors.js';
import { DynamoChatRepository } from './dynamo-chat.repository.js';

const soon = () => Date.now() + 25_000;
/** A deadline so long ago that the lease has run out too. */
const longAgo = () => Date.now() - 60_000;
const done = (answer: string) => ({ status: 'done', answer, citations: [] }) as const;

describe('DynamoChatRepository', () => {
  let dynamoDb: EmbeddedDynamoDb;
  let environment: Environment;
  let table: DynamoDBDocumentClient;
  let sut: DynamoChatRepository;

  beforeAll(async () => {
    dynamoDb = await startEmbeddedDynamoDb({});
    environment = loadEnvironment({
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      JWT_VERIFY_SIGNATURE: 'false',
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    });
    const client = createDynamoDbClient(environment);
    await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
    table = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    sut = new DynamoChatRepository(table, environment);
  });
  afterAll(async () => {
    table.destroy();
    await dynamoDb.close();
  });

  async function head(chatId: string, userId = 'alice'): Promise<HeadItem> {
    const { Item } = await table.send(
      new GetCommand({ TableName: environment.DYNAMODB_TABLE, Key: headKey(userId, chatId), ConsistentRead: true }),
    );
    return Item as HeadItem;
  }

  /** One whole turn. */
  async function turn(prompt: string, chatId?: string) {
    const begun = await sut.begin('alice', { chatId, prompt, deadline: soon() });
    await sut.complete('alice', begun, done(`answer to ${prompt}`));
    await sut.release('alice', begun);
    return begun;
  }

  const promptsOf = async (chatId: string) =>
    (await sut.read('alice', chatId, 1000)).turns.map(([question]) => [question?.content, question?.status]);

  it('numbers the turns of a chat from 1 and keeps the session of the first', async () => {
    const one = await turn('one');
    const two = await turn('two', one.chat.id);
    expect([one.number, two.number]).toEqual([1, 2]);
    expect(two.session).toBe(one.session);
    expect(two.chat).toMatchObject({ id: one.chat.id, userId: 'alice', title: 'one', createdAt: one.chat.createdAt });
  });

  it('has the prompt durable as soon as the turn has begun', async () => {
    const begun = await sut.begin('alice', { chatId: undefined, prompt: 'first words', deadline: soon() });
    expect(await promptsOf(begun.chat.id)).toEqual([['first words', 'pending']]);
  });

  it('refuses a second turn while one runs, and goes on once it is released', async () => {
    const begun = await sut.begin('alice', { chatId: undefined, prompt: 'one', deadline: soon() });
    const request = { chatId: begun.chat.id, prompt: 'two', deadline: soon() };
    await expect(sut.begin('alice', request)).rejects.toBeInstanceOf(TurnInProgressError);
    await sut.complete('alice', begun, done('yes'));
    await sut.release('alice', begun);
    expect((await sut.begin('alice', request)).number).toBe(2);
  });

  it('goes on at once after a turn that was completed but not released', async () => {
    const begun = await sut.begin('alice', { chatId: undefined, prompt: 'one', deadline: soon() });
    await sut.complete('alice', begun, done('yes'));
    expect(await promptsOf(begun.chat.id)).toEqual([['one', undefined]]);
    await turn('two', begun.chat.id);
    expect(await promptsOf(begun.chat.id)).toEqual([
      ['one', undefined],
      ['two', undefined],
    ]);
  });

  it('keeps the prompt of a turn that died as failed, and goes on', async () => {
    const dead = await sut.begin('alice', { chatId: undefined, prompt: 'one', deadline: longAgo() });
    expect(await promptsOf(dead.chat.id)).toEqual([['one', 'failed']]);
    await turn('two', dead.chat.id);
    expect(await promptsOf(dead.chat.id)).toEqual([
      ['one', 'failed'],
      ['two', undefined],
    ]);
  });

  it('lets the answer of a turn in that was given up too early', async () => {
    const late = await sut.begin('alice', { chatId: undefined, prompt: 'one', deadline: longAgo() });
    await turn('two', late.chat.id);
    await sut.complete('alice', late, done('better late'));
    await sut.release('alice', late);
    const { turns } = await sut.read('alice', late.chat.id, 100);
    expect(turns.map((messages) => messages.map(({ content }) => content))).toEqual([
      ['one', 'better late'],
      ['two', 'answer to two'],
    ]);
  });

  it('takes no chat that is another user’s, or none', async () => {
    const { chat } = await turn('mine');
    for (const chatId of [chat.id, 'no-such-chat']) {
      const request = { chatId, prompt: 'x', deadline: soon() };
      await expect(sut.begin('bob', request)).rejects.toBeInstanceOf(ChatNotFoundError);
      await expect(sut.read('bob', chatId, 100)).rejects.toBeInstanceOf(ChatNotFoundError);
    }
    expect(await head(chat.id, 'bob')).toBeUndefined();
  });

  it('keeps two users apart whose chats have the same id', async () => {
    const { chat } = await turn('of alice');
    const item = { ...headKey('bob', chat.id), title: 'of bob', messages: [{ role: 'user', content: 'of bob' }] };
    await table.send(new PutCommand({ TableName: environment.DYNAMODB_TABLE, Item: item }));
    const ofBob = await sut.begin('bob', { chatId: chat.id, prompt: 'again bob', deadline: soon() });
    await sut.complete('bob', ofBob, done('yes'));
    await sut.release('bob', ofBob);
    expect(await promptsOf(chat.id)).toEqual([['of alice', undefined]]);
    const { turns } = await sut.read('bob', chat.id, 100);
    expect(turns.map(([question]) => question?.content)).toEqual(['of bob', 'again bob']);
  });

  it('remembers the keys of the last 16 turns and keeps the head under 1 KB', async () => {
    const { chat } = await turn('turn 1');
    for (let number = 2; number <= 20; number += 1) await turn(`turn ${number}`, chat.id);
    const item = await head(chat.id);
    expect(Object.keys(item).filter((name) => name.startsWith('k_'))).toHaveLength(16);
    expect(Buffer.byteLength(JSON.stringify(item))).toBeLessThan(1024);
    expect(item.open).toBeUndefined();
  });

  it('reads the newest turns and no more than the limit may need', async () => {
    const { chat } = await turn('turn 1');
    for (let number = 2; number <= 12; number += 1) await turn(`turn ${number}`, chat.id);
    const { turns } = await sut.read('alice', chat.id, 4);
    expect(turns.map(([question]) => question?.content)).toEqual(['turn 11', 'turn 12']);
  });
});
