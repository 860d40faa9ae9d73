import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { Environment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import type { TurnQuota } from '../../src/usage/turn-quota.js';
import { TooManyTurnsError } from '../../src/usage/usage.errors.js';
import { createQuota, type Limits } from '../support/quota.js';

const NOON = Date.UTC(2030, 0, 1, 12, 0, 15);
const MINUTE = 60_000;
/** The attributes that count the turns of that minute and of that day. */
const FIRST = Math.floor(NOON / MINUTE);
const PLACES = `m${FIRST}`;
const TURNS = 't20300101';

function tableSettings(endpoint: string): TableSettings {
  return new TableSettings(Object.assign(new Environment(), { AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
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
  /** Runs a turn of no duration. @returns what `work` returns. */
  async function consume<T>(
    sut: TurnQuota,
    work: () => Promise<T>,
    { hasBegun = true, by = user }: { readonly hasBegun?: boolean; readonly by?: string } = {},
  ): Promise<T> {
    const turn = { deadline: Number.MAX_SAFE_INTEGER / 2, hasBegun: () => hasBegun };
    const { begun, place } = await sut.consume(by, turn, work);
    if (place) await sut.end(place);
    return begun;
  }
  /** Begins turns at the same time. @returns how many were allowed. */
  async function countBegun(sut: TurnQuota, times: number, by = user): Promise<number> {
    const results = await Promise.allSettled(Array.from({ length: times }, () => consume(sut, begin, { by })));
    return results.filter(({ status }) => status === 'fulfilled').length;
  }
  const items = async () => (await client.send(new ScanCommand({ TableName: 'test-chat' }))).Items ?? [];
  const item = async () => (await items()).find(({ user_id: owner }) => owner === user);

  it('sends no request if there is no limit', async () => {
    expect(await countBegun(quota({}), 5)).toBe(5);
    expect(sent).toEqual([]);
  });

  it('allows exactly as many turns as the limit of the minute, with one request before and one after each', async () => {
    expect(await countBegun(quota({ perMinute: 7 }), 20)).toBe(7);
    expect(sent.filter((name) => name === 'UpdateItemCommand')).toHaveLength(20 + 7);
    // A refused turn reads which limit is reached.
    expect(sent.filter((name) => name === 'GetItemCommand')).toHaveLength(13);
  });

  it.each<[number, number, number, number]>([
    [3, 100, NOON, 45],
    [100, 3, NOON, 12 * 3600 - 15],
    [3, 0, NOON + 44_999, 1],
    [3, 0, NOON + 45_000, 60],
  ])('says when to retry: %d a minute, %d a day, at %d: %d s', async (perMinute, perDay, now, seconds) => {
    const sut = quota({ perMinute, perDay }, now);
    expect(await countBegun(sut, 3)).toBe(3);
    await expect(consume(sut, begin)).rejects.toEqual(new TooManyTurnsError(seconds));
    await expect(consume(sut, begin)).rejects.toMatchObject({ retryAfterSeconds: seconds });
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
    'refunds a turn refused by a $name',
    async (refusal) => {
      const sut = quota({ perMinute: 2, perDay: 2 });
      for (let times = 0; times < 3; times += 1) {
        await expect(consume(sut, () => Promise.reject(refusal))).rejects.toBe(refusal);
      }
      expect(await countBegun(sut, 5)).toBe(2);
    },
  );

  it('refunds a replay', async () => {
    const sut = quota({ perMinute: 1, perDay: 1 });
    for (let times = 0; times < 3; times += 1) expect(await consume(sut, begin, { hasBegun: false })).toBe('begun');
    expect(await countBegun(sut, 3)).toBe(1);
  });

  it.each([
    ['StorageUnavailableError', new StorageUnavailableError({ reason: 'it throttles' })],
    ['TypeError', new TypeError('a bug')],
  ])('does not refund a turn that may have begun: %s', async (_, error) => {
    const sut = quota({ perMinute: 1 });
    await expect(consume(sut, () => Promise.reject(error))).rejects.toBe(error);
    await expect(consume(sut, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
  });

  it('refunds a turn in its own minute, even after the end of that minute', async () => {
    const clock = { time: NOON };
    const sut = createQuota(client, { perMinute: 1, perDay: 1 }, clock);
    const refused = consume(sut, async () => {
      clock.time += 2 * MINUTE;
      throw new ChatNotFoundError();
    });
    await expect(refused).rejects.toBeInstanceOf(ChatNotFoundError);
    expect(await countBegun(sut, 2)).toBe(1);
  });

  it('counts each turn once if every write is sent twice', async () => {
    twice = true;
    const sut = quota({ perMinute: 5 });
    await expect(consume(sut, () => Promise.reject(new ChatNotFoundError()))).rejects.toThrow('Chat not found');
    for (let times = 0; times < 5; times += 1) expect(await consume(sut, begin)).toBe('begun');
    await expect(consume(sut, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
    expect(await item()).toMatchObject({ [TURNS]: 5, [PLACES]: { size: 5 } });
  });

  it.each([
    [1, 0],
    [0, 1],
    [1, 1],
  ])('allows the last turn if its write is sent twice: %d a minute, %d a day', async (perMinute, perDay) => {
    twice = true;
    const sut = quota({ perMinute, perDay });
    expect(await consume(sut, begin)).toBe('begun');
    await expect(consume(sut, begin)).rejects.toBeInstanceOf(TooManyTurnsError);
  });

  it.each([new ChatNotFoundError(), new IdempotencyKeyReusedError()])(
    'refunds one turn only if the refund after a $name is sent twice',
    async (refusal) => {
      const sut = quota({ perMinute: 5, perDay: 5 });
      expect(await countBegun(sut, 3)).toBe(3);
      const refused = consume(sut, async () => {
        twice = true;
        throw refusal;
      });
      await expect(refused).rejects.toBe(refusal);
      twice = false;
      expect(await item()).toMatchObject({ [TURNS]: 3, [PLACES]: { size: 3 } });
      expect(await countBegun(sut, 5)).toBe(2);
    },
  );

  it('refunds a replay once if it is the only turn of its minute and the refund is sent twice', async () => {
    const sut = quota({ perMinute: 5, perDay: 5 });
    const lost = async () => {
      twice = true;
    };
    await consume(sut, lost, { hasBegun: false });
    expect(await item()).toMatchObject({ [TURNS]: 0 });
    expect(await item()).not.toHaveProperty(PLACES);
  });

  const minutes = async () => Object.keys((await item()) ?? {}).filter((name) => name.startsWith('m'));

  it('removes the minutes of busy minutes with one turn hours later', async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      await consume(quota({ perMinute: 20 }, NOON + minute * MINUTE), begin);
    }
    await consume(quota({ perMinute: 20 }, NOON + 225 * MINUTE), begin);
    expect(await minutes()).toEqual([`m${Math.floor(NOON / MINUTE) + 225}`]);
  });

  it('removes the minutes of turns that never ended, within the limits of an expression', async () => {
    await quota({ perMinute: 20 }, NOON - MINUTE).consume(user, { deadline: NOON }, begin);
    const { running, [`m${FIRST - 1}`]: minute, ...one } = (await item()) ?? {};
    const [id = ''] = minute as Set<string>;
    const [place = ''] = running as Set<string>;
    const ids = Array.from({ length: 150 }, (_, index) => id.slice(0, -3) + String(index).padStart(3, '0'));
    const attributes = Object.fromEntries(ids.map((each, index) => [`m${FIRST + index}`, new Set([each])]));
    const places = new Set(ids.map((each) => place.replace(id, each)));
    await client.send(new PutCommand({ TableName: 'test-chat', Item: { ...one, ...attributes, running: places } }));
    await consume(quota({ perMinute: 20, perDay: 1000 }, NOON + 200 * MINUTE), begin);
    expect(expression.split(',').length).toBeLessThan(290);
    expect(expression.length).toBeLessThan(4096);
    expect(await minutes()).toHaveLength(51);
    await consume(quota({ perMinute: 20 }, NOON + 201 * MINUTE), begin);
    expect(await minutes()).toHaveLength(2);
    expect(await item()).not.toHaveProperty('running');
  });

  it('is one small item that expires and is not in the index of chats', async () => {
    for (let minute = 0; minute < 5; minute += 1) {
      await consume(quota({ perMinute: 20 }, NOON + minute * MINUTE), begin);
    }
    const one = (await item()) ?? {};
    expect((await items()).filter(({ user_id: owner }) => owner === user)).toHaveLength(1);
    expect(one).toMatchObject({ id: `usage#${user}`, [TURNS]: 5 });
    expect(one['expires_at']).toBe(Date.UTC(2030, 0, 1 + 400) / 1000);
    expect(Object.keys(one)).toHaveLength(7);
    expect(one).not.toHaveProperty('updated_at');
  });

  it('begins no turn if the table is unavailable', async () => {
    const unreachable = createDynamoDbClient(tableSettings('http://127.0.0.1:1'));
    const sut = createQuota(DynamoDBDocumentClient.from(unreachable), { perMinute: 20 }, { time: NOON });
    let hasBegun = false;
    const consumed = sut.consume(user, { deadline: NOON }, async () => (hasBegun = true));
    await expect(consumed).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(hasBegun).toBe(false);
  });
});
