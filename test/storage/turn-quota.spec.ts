import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { Environment } from '../../src/config/environment.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { TooManyTurnsError } from '../../src/usage/usage.errors.js';
import { StorageUnavailableError } from '../../src/dynamodb/dynamodb.errors.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';

const NOON = Date.UTC(2030, 0, 1, 12, 0, 15);
const MINUTE = 60_000;

describe('TurnQuota', () => {
  let dynamoDb: EmbeddedDynamoDb;
  let client: DynamoDBDocumentClient;
  let sent: string[];
  /** What the last write was to do. */
  let expression: string;
  /** Delivers each write a second time, as the SDK does after a lost answer. */
  let twice = false;
  let user = 'user-0';
  let users = 0;

  beforeAll(async () => {
    dynamoDb = await startEmbeddedDynamoDb();
    const base = createDynamoDbClient(environment({ AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint }), 10_000);
    await ensureChatTable(base, 'test-chat', { timeToLive: false });
    client = DynamoDBDocumentClient.from(base);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        sent.push(context.commandName ?? '');
        expression = (args.input as { UpdateExpression?: string }).UpdateExpression ?? '';
        if (!twice) return next(args);
        // The first answer is lost, whatever it was.
        await next(args).catch(() => {});
        return next(args);
      },
      { step: 'initialize', name: 'twice', priority: 'low' },
    );
  });
  beforeEach(() => {
    sent = [];
    twice = false;
    users += 1;
    user = `user-${users}`;
  });
  afterAll(async () => {
    client.destroy();
    await dynamoDb.close();
  });

  function environment(values: Partial<Environment>): Environment {
    return Object.assign(new Environment(), values);
  }
  function quotaOf(TURNS_PER_MINUTE: number, TURNS_PER_DAY: number, now = NOON): TurnQuota {
    const settings = environment({ TURNS_PER_MINUTE, TURNS_PER_DAY });
    const sut = new TurnQuota(new DynamoTable(client, settings), settings);
    sut.now = () => now;
    return sut;
  }
  const begin = async () => 'begun';
  async function begun(sut: TurnQuota, times: number, by = user): Promise<number> {
    const outcomes = await Promise.allSettled(Array.from({ length: times }, () => sut.consume(by, begin)));
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }
  const items = async () => (await client.send(new ScanCommand({ TableName: 'test-chat' }))).Items ?? [];
  const item = async () => (await items()).find(({ user_id: owner }) => owner === user);

  it('asks nothing where there is no limit', async () => {
    expect(await begun(quotaOf(0, 0), 50)).toBe(50);
    expect(sent).toEqual([]);
  });

  it('lets exactly as many begin as the minute allows, with one request each', async () => {
    expect(await begun(quotaOf(20, 0), 60)).toBe(20);
    expect(sent).toEqual(Array<string>(60).fill('UpdateItemCommand'));
  });

  it.each<[number, number, number, number]>([
    [3, 0, NOON, 45],
    [0, 3, NOON, 12 * 3600 - 15],
    [3, 100, NOON, 45],
    [100, 3, NOON, 12 * 3600 - 15],
    [3, 0, NOON + 44_999, 1],
    [3, 0, NOON + 45_000, 60],
  ])('tells when to come back: %d a minute, %d a day, at %d: %d s', async (perMinute, perDay, now, seconds) => {
    const sut = quotaOf(perMinute, perDay, now);
    expect(await begun(sut, 3)).toBe(3);
    await expect(sut.consume(user, begin)).rejects.toEqual(new TooManyTurnsError(seconds));
    await expect(sut.consume(user, begin)).rejects.toMatchObject({ retryAfterSeconds: seconds });
  });

  it('begins anew with each minute and each day, and for each user', async () => {
    expect(await begun(quotaOf(2, 3), 5)).toBe(2);
    expect(await begun(quotaOf(2, 3, NOON + MINUTE), 5)).toBe(1);
    expect(await begun(quotaOf(2, 3, NOON + 24 * 60 * MINUTE), 5)).toBe(2);
    expect(await begun(quotaOf(2, 3), 5, `${user}-else`)).toBe(2);
  });

  it('counts on for an instance whose clock is two minutes behind', async () => {
    expect(await begun(quotaOf(3, 0), 2)).toBe(2);
    expect(await begun(quotaOf(3, 0, NOON + 2 * MINUTE), 3)).toBe(3);
    expect(await begun(quotaOf(3, 0), 5)).toBe(1);
  });

  it.each([new ChatNotFoundError(), new TurnInProgressError(1), new IdempotencyKeyReusedError()])(
    'gives back a turn refused by %s',
    async (refusal) => {
      const sut = quotaOf(2, 2);
      for (let times = 0; times < 5; times += 1) {
        await expect(sut.consume(user, () => Promise.reject(refusal))).rejects.toBe(refusal);
      }
      expect(await begun(sut, 5)).toBe(2);
    },
  );

  it('gives back what was begun before: a replay', async () => {
    const sut = quotaOf(1, 1);
    for (let times = 0; times < 3; times += 1) expect(await sut.consume(user, begin, () => false)).toBe('begun');
    expect(await begun(sut, 3)).toBe(1);
  });

  it.each([new StorageUnavailableError(), new TypeError('a bug')])('keeps what may have begun: %s', async (error) => {
    const sut = quotaOf(1, 0);
    await expect(sut.consume(user, () => Promise.reject(error))).rejects.toBe(error);
    await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
  });

  it('gives a place back into its own minute, also when that is over', async () => {
    const sut = quotaOf(1, 1);
    const refused = sut.consume(user, async () => {
      sut.now = () => NOON + 2 * MINUTE;
      throw new ChatNotFoundError();
    });
    await expect(refused).rejects.toBeInstanceOf(ChatNotFoundError);
    expect(await begun(sut, 2)).toBe(1);
  });

  it('never counts a turn zero times when everything is delivered twice', async () => {
    twice = true;
    const sut = quotaOf(5, 0);
    await expect(sut.consume(user, () => Promise.reject(new ChatNotFoundError()))).rejects.toThrow('Chat not found');
    for (let times = 0; times < 5; times += 1) expect(await sut.consume(user, begin)).toBe('begun');
    await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
    expect((await item())?.['turns']).toBeGreaterThanOrEqual(5);
  });

  it.each([
    [1, 0],
    [0, 1],
    [1, 1],
  ])('lets the last turn begin whose place was taken twice: %d a minute, %d a day', async (perMinute, perDay) => {
    twice = true;
    const sut = quotaOf(perMinute, perDay);
    expect(await sut.consume(user, begin)).toBe('begun');
    await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
  });

  it.each([new ChatNotFoundError(), new IdempotencyKeyReusedError()])(
    'takes one off the day and the minute, no more, where it is given back twice after %s',
    async (refusal) => {
      const sut = quotaOf(5, 5);
      expect(await begun(sut, 3)).toBe(3);
      const refused = sut.consume(user, async () => {
        twice = true;
        throw refusal;
      });
      await expect(refused).rejects.toBe(refusal);
      twice = false;
      expect(await item()).toMatchObject({ turns: 3, m720: { size: 3 } });
      expect(await begun(sut, 5)).toBe(2);
    },
  );

  it('takes one off the day where the only turn of a minute, a replay, is given back twice', async () => {
    const sut = quotaOf(5, 5);
    const lost = async () => {
      twice = true;
    };
    await sut.consume(user, lost, () => false);
    expect(await item()).toMatchObject({ turns: 0 });
  });

  it('is cleared of a busy hour by one turn hours later, in an expression that DynamoDB takes', async () => {
    for (let minute = 0; minute < 60; minute += 1) await quotaOf(20, 0, NOON + minute * MINUTE).consume(user, begin);
    await quotaOf(20, 0, NOON + (3 * 60 + 45) * MINUTE).consume(user, begin);
    expect(Object.keys((await item()) ?? {}).filter((name) => name.startsWith('m'))).toEqual(['m945']);
    await quotaOf(20, 1000, NOON + 719 * MINUTE).consume(user, begin);
    expect(expression.split(',').length).toBeLessThan(290);
    expect(expression.length).toBeLessThan(4096);
  });

  it('is one small item, out of the way of chats, that expires', async () => {
    for (let minute = 0; minute < 180; minute += 1) await quotaOf(20, 0, NOON + minute * MINUTE).consume(user, begin);
    const one = (await item()) ?? {};
    expect((await items()).filter(({ user_id: owner }) => owner === user)).toHaveLength(1);
    expect(one).toMatchObject({ id: `quota#2030-01-01#${user}`, turns: 180 });
    expect(one['expires_at']).toBe(Date.UTC(2030, 0, 3) / 1000);
    expect(Object.keys(one)).toHaveLength(7);
    expect(one).not.toHaveProperty('updated_at');
  });

  it('is unavailable with the table, and begins nothing', async () => {
    const gone = createDynamoDbClient(environment({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' }));
    const sut = new TurnQuota(new DynamoTable(DynamoDBDocumentClient.from(gone), environment({})), environment({}));
    let hasBegun = false;
    const spent = sut.consume(user, async () => (hasBegun = true));
    await expect(spent).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(hasBegun).toBe(false);
  });
});
