import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { Clock } from '../../src/common/clock.js';
import { Environment } from '../../src/config/environment.js';
import { QuotaSettings, TableSettings } from '../../src/config/settings.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { DynamoTurnQuotaRepository } from '../../src/usage/dynamo-turn-quota.repository.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';
import { TooManyTurnsError } from '../../src/usage/usage.errors.js';

const NOON = Date.UTC(2030, 0, 1, 12, 0, 15);
const MINUTE = 60_000;

interface Limits {
  readonly perMinute?: number;
  readonly perDay?: number;
}

function tableSettings(endpoint: string): TableSettings {
  return new TableSettings(Object.assign(new Environment(), { AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
}

/** Builds a quota whose clock stands at `clock.time`. 0 is no limit. */
function createQuota(client: DynamoDBDocumentClient, limits: Limits, clock: { time: number }): TurnQuota {
  const { perMinute = 0, perDay = 0 } = limits;
  const variables = { TURNS_PER_MINUTE: perMinute, TURNS_PER_DAY: perDay };
  return new TurnQuota(
    new DynamoTurnQuotaRepository(new DynamoTable(client, tableSettings('http://127.0.0.1:1'), new Clock())),
    new QuotaSettings(Object.assign(new Environment(), variables)),
    Object.assign(new Clock(), { now: () => clock.time }),
  );
}

describe('TurnQuota', () => {
  let dynamoDb: EmbeddedDynamoDb;
  let client: DynamoDBDocumentClient;
  let sent: string[];
  /** The update expression of the last call. */
  let expression: string;
  /** Sends each write twice, as the SDK does after a lost response. */
  let twice = false;
  let user = 'user-0';
  let users = 0;

  beforeAll(async () => {
    dynamoDb = await startEmbeddedDynamoDb();
    const base = createDynamoDbClient(tableSettings(dynamoDb.endpoint), 10_000);
    await ensureChatTable(base, 'test-chat', { timeToLive: false });
    client = DynamoDBDocumentClient.from(base);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        sent.push(context.commandName ?? '');
        expression = (args.input as { UpdateExpression?: string }).UpdateExpression ?? '';
        if (!twice) return next(args);
        // The first response is lost.
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

  const quota = (limits: Limits, time = NOON) => createQuota(client, limits, { time });
  const begin = async () => 'begun';
  /** Begins turns at the same time. @returns how many were allowed. */
  async function countBegun(sut: TurnQuota, times: number, by = user): Promise<number> {
    const results = await Promise.allSettled(Array.from({ length: times }, () => sut.consume(by, begin)));
    return results.filter(({ status }) => status === 'fulfilled').length;
  }
  const items = async () => (await client.send(new ScanCommand({ TableName: 'test-chat' }))).Items ?? [];
  const item = async () => (await items()).find(({ user_id: owner }) => owner === user);

  it('sends no request if there is no limit', async () => {
    expect(await countBegun(quota({}), 50)).toBe(50);
    expect(sent).toEqual([]);
  });

  it('allows exactly as many turns as the limit of the minute, with one request each', async () => {
    expect(await countBegun(quota({ perMinute: 20 }), 60)).toBe(20);
    expect(sent).toEqual(Array<string>(60).fill('UpdateItemCommand'));
  });

  it.each<[number, number, number, number]>([
    [3, 0, NOON, 45],
    [0, 3, NOON, 12 * 3600 - 15],
    [3, 100, NOON, 45],
    [100, 3, NOON, 12 * 3600 - 15],
    [3, 0, NOON + 44_999, 1],
    [3, 0, NOON + 45_000, 60],
  ])('says when to retry: %d a minute, %d a day, at %d: %d s', async (perMinute, perDay, now, seconds) => {
    const sut = quota({ perMinute, perDay }, now);
    expect(await countBegun(sut, 3)).toBe(3);
    await expect(sut.consume(user, begin)).rejects.toEqual(new TooManyTurnsError(seconds));
    await expect(sut.consume(user, begin)).rejects.toMatchObject({ retryAfterSeconds: seconds });
  });

  it('counts each minute, each day and each user separately', async () => {
    expect(await countBegun(quota({ perMinute: 2, perDay: 3 }), 5)).toBe(2);
    expect(await countBegun(quota({ perMinute: 2, perDay: 3 }, NOON + MINUTE), 5)).toBe(1);
    expect(await countBegun(quota({ perMinute: 2, perDay: 3 }, NOON + 24 * 60 * MINUTE), 5)).toBe(2);
    expect(await countBegun(quota({ perMinute: 2, perDay: 3 }), 5, `${user}-else`)).toBe(2);
  });

  it('still counts for an instance whose clock is two minutes behind', async () => {
    expect(await countBegun(quota({ perMinute: 3 }), 2)).toBe(2);
    expect(await countBegun(quota({ perMinute: 3 }, NOON + 2 * MINUTE), 3)).toBe(3);
    expect(await countBegun(quota({ perMinute: 3 }), 5)).toBe(1);
  });

  it.each([new ChatNotFoundError(), new TurnInProgressError(1), new IdempotencyKeyReusedError()])(
    'refunds a turn refused by %s',
    async (refusal) => {
      const sut = quota({ perMinute: 2, perDay: 2 });
      for (let times = 0; times < 5; times += 1) {
        await expect(sut.consume(user, () => Promise.reject(refusal))).rejects.toBe(refusal);
      }
      expect(await countBegun(sut, 5)).toBe(2);
    },
  );

  it('refunds a replay', async () => {
    const sut = quota({ perMinute: 1, perDay: 1 });
    for (let times = 0; times < 3; times += 1) expect(await sut.consume(user, begin, () => false)).toBe('begun');
    expect(await countBegun(sut, 3)).toBe(1);
  });

  it.each([new StorageUnavailableError({ reason: 'it throttles' }), new TypeError('a bug')])(
    'does not refund a turn that may have begun: %s',
    async (error) => {
      const sut = quota({ perMinute: 1 });
      await expect(sut.consume(user, () => Promise.reject(error))).rejects.toBe(error);
      await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
    },
  );

  it('refunds a turn in its own minute, even after the end of that minute', async () => {
    const clock = { time: NOON };
    const sut = createQuota(client, { perMinute: 1, perDay: 1 }, clock);
    const refused = sut.consume(user, async () => {
      clock.time += 2 * MINUTE;
      throw new ChatNotFoundError();
    });
    await expect(refused).rejects.toBeInstanceOf(ChatNotFoundError);
    expect(await countBegun(sut, 2)).toBe(1);
  });

  it('never counts too few turns if every write is sent twice', async () => {
    twice = true;
    const sut = quota({ perMinute: 5 });
    await expect(sut.consume(user, () => Promise.reject(new ChatNotFoundError()))).rejects.toThrow('Chat not found');
    for (let times = 0; times < 5; times += 1) expect(await sut.consume(user, begin)).toBe('begun');
    await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
    expect((await item())?.['turns']).toBeGreaterThanOrEqual(5);
  });

  it.each([
    [1, 0],
    [0, 1],
    [1, 1],
  ])('allows the last turn if its write is sent twice: %d a minute, %d a day', async (perMinute, perDay) => {
    twice = true;
    const sut = quota({ perMinute, perDay });
    expect(await sut.consume(user, begin)).toBe('begun');
    await expect(sut.consume(user, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
  });

  it.each([new ChatNotFoundError(), new IdempotencyKeyReusedError()])(
    'refunds one turn only if the refund after %s is sent twice',
    async (refusal) => {
      const sut = quota({ perMinute: 5, perDay: 5 });
      expect(await countBegun(sut, 3)).toBe(3);
      const refused = sut.consume(user, async () => {
        twice = true;
        throw refusal;
      });
      await expect(refused).rejects.toBe(refusal);
      twice = false;
      expect(await item()).toMatchObject({ turns: 3, m720: { size: 3 } });
      expect(await countBegun(sut, 5)).toBe(2);
    },
  );

  it('refunds a replay once if it is the only turn of its minute and the refund is sent twice', async () => {
    const sut = quota({ perMinute: 5, perDay: 5 });
    const lost = async () => {
      twice = true;
    };
    await sut.consume(user, lost, () => false);
    expect(await item()).toMatchObject({ turns: 0 });
  });

  it('removes the minutes of a busy hour with one turn hours later, within the limits of an expression', async () => {
    for (let minute = 0; minute < 60; minute += 1) {
      await quota({ perMinute: 20 }, NOON + minute * MINUTE).consume(user, begin);
    }
    await quota({ perMinute: 20 }, NOON + (3 * 60 + 45) * MINUTE).consume(user, begin);
    expect(Object.keys((await item()) ?? {}).filter((name) => name.startsWith('m'))).toEqual(['m945']);
    await quota({ perMinute: 20, perDay: 1000 }, NOON + 719 * MINUTE).consume(user, begin);
    expect(expression.split(',').length).toBeLessThan(290);
    expect(expression.length).toBeLessThan(4096);
  });

  it('is one small item that expires and is not in the index of chats', async () => {
    for (let minute = 0; minute < 180; minute += 1) {
      await quota({ perMinute: 20 }, NOON + minute * MINUTE).consume(user, begin);
    }
    const one = (await item()) ?? {};
    expect((await items()).filter(({ user_id: owner }) => owner === user)).toHaveLength(1);
    expect(one).toMatchObject({ id: `quota#2030-01-01#${user}`, turns: 180 });
    expect(one['expires_at']).toBe(Date.UTC(2030, 0, 3) / 1000);
    expect(Object.keys(one)).toHaveLength(7);
    expect(one).not.toHaveProperty('updated_at');
  });

  it('begins no turn if the table is unavailable', async () => {
    const unreachable = createDynamoDbClient(tableSettings('http://127.0.0.1:1'));
    const sut = createQuota(DynamoDBDocumentClient.from(unreachable), { perMinute: 20 }, { time: NOON });
    let hasBegun = false;
    const consumed = sut.consume(user, async () => (hasBegun = true));
    await expect(consumed).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(hasBegun).toBe(false);
  });
});
