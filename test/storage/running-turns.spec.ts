import { describe, expect, it } from '@jest/globals';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TurnInProgressError } from '../../src/chat/model/chat.errors.js';
import { toOpenTurn } from '../../src/chat/storage/items/turn-lease.js';
import { StorageUnavailableError } from '../../src/common/storage.errors.js';
import type { TakenPlace, TurnQuota } from '../../src/usage/turn-quota.js';
import { toAttributeNames, type Tokens } from '../../src/usage/usage-item.js';
import { TooManyTurnsError } from '../../src/usage/usage.errors.js';
import { setAttribute } from '../support/chat-items.js';
import { createQuota, type Limits } from '../support/quota.js';
import type { Redelivery, StorageFault } from '../support/storage-faults.js';
import { NOON, useUsageTable } from '../support/usage-table.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TOKENS = { inputTokens: 100, outputTokens: 7 };
/** A write that waits for so many calls waits for `deliverRest`. */
const LATER = { calls: 1000 };

describe('the turns of a user that run', () => {
  const table = useUsageTable();
  const quota = (limits: Limits = { atOnce: 2 }, time = NOON) => table.quota(limits, time);
  /** Begins a turn that may take a minute. */
  async function begin(sut: TurnQuota, time = NOON): Promise<{ readonly lease: string; readonly place: TakenPlace }> {
    const { begun: lease, place } = await sut.consume(table.user, { deadline: time + MINUTE }, async (own) => own);
    if (!lease || !place) throw new Error('there is no limit');
    return { lease, place };
  }
  async function run(sut: TurnQuota, tokens?: Tokens, time = NOON): Promise<void> {
    const { place } = await begin(sut, time);
    await sut.end(place, tokens);
  }
  const refusal = (seconds: number) => new TooManyTurnsError(seconds);

  it('are as many as the limit, over midnight too', async () => {
    const midnight = Date.UTC(2030, 0, 2);
    const before = await begin(quota({ atOnce: 2 }, midnight - 1), midnight);
    await begin(quota({ atOnce: 2 }, midnight), midnight);
    for (const time of [midnight - 1, midnight, midnight + 1]) {
      await expect(begin(quota({ atOnce: 2 }, time))).rejects.toEqual(refusal(5));
    }
    await quota().end(before.place);
    await begin(quota({ atOnce: 2 }, midnight + 1), midnight);
    expect(await table.readUsage()).toMatchObject({ running: { size: 2 }, t20300101: 1, t20300102: 2 });
  });

  it('are exact for 12 turns that begin at the same time where two are dead', async () => {
    await begin(quota(), NOON - 10 * MINUTE);
    await begin(quota(), NOON - 10 * MINUTE);
    const begun = await Promise.allSettled(Array.from({ length: 12 }, () => begin(quota())));
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await table.readUsage()).toMatchObject({ running: { size: 2 } });
  });

  it('end 15 s after their deadline, and say when the first one does', async () => {
    await begin(quota(), NOON);
    await begin(quota(), NOON + 30_000);
    const end = NOON + MINUTE + 15_000;
    await expect(begin(quota({ atOnce: 2 }, end - 2_500))).rejects.toEqual(refusal(3));
    await expect(begin(quota({ atOnce: 2 }, end - 1))).rejects.toEqual(refusal(1));
    await begin(quota({ atOnce: 2 }, end), end);
  });

  it('cost one write before the turn and one after it, which adds its tokens to the day it began in', async () => {
    const sent = table.faults.calls.length;
    await run(quota(), TOKENS);
    expect(table.faults.calls.slice(sent).map(({ command }) => command)).toEqual([
      'UpdateItemCommand',
      'UpdateItemCommand',
    ]);
    const { place } = await begin(quota());
    await quota({}, NOON + DAY).end(place, TOKENS);
    await run(quota());
    expect(await table.readUsage()).toMatchObject({ t20300101: 3, i20300101: 200, o20300101: 14 });
    expect(await table.readUsage()).not.toHaveProperty('running');
  });

  it.each<Redelivery>(['at once', LATER])('are counted once if each write is delivered again, %j', async (after) => {
    const sut = quota({ perMinute: 5, perDay: 5, atOnce: 2 });
    table.faults.inject({ type: 'redelivery', after }, { steps: ['quota'] });
    for (let turn = 0; turn < 3; turn += 1) await run(sut, TOKENS);
    const refused = sut.consume(table.user, { deadline: NOON }, () => Promise.reject(new TurnInProgressError(1)));
    await expect(refused).rejects.toThrow(TurnInProgressError);
    const counted = await table.readUsage();
    await table.faults.deliverRest();
    expect(await table.readUsage()).toEqual(counted);
    expect(counted).toMatchObject({ t20300101: 3, i20300101: 300, o20300101: 21 });
    expect(counted).not.toHaveProperty('running');
    await run(sut);
    await run(sut);
    await expect(run(sut)).rejects.toThrow(TooManyTurnsError);
  });

  it.each<[string, StorageFault, StorageFault, number]>([
    ['has arrived', { type: 'reply lost' }, { type: 'reply lost' }, 3],
    ['arrives late', { type: 'late', after: LATER }, { type: 'late', after: LATER }, 4],
    ['arrives while it is cancelled', { type: 'late', after: { calls: 2 } }, { type: 'throttle' }, 5],
  ])('hold no place for a turn that could not begin, whose write %s', async (_, first, second, calls) => {
    const before = table.faults.calls.length;
    for (const fault of [first, second]) table.faults.inject(fault, { steps: ['quota'], times: 1 });
    await expect(begin(quota())).rejects.toThrow(StorageUnavailableError);
    // The place is cancelled in the background.
    while (table.faults.calls.length < before + calls) await new Promise(setImmediate);
    await table.faults.deliverRest();
    await begin(quota());
    await begin(quota());
    await expect(begin(quota())).rejects.toThrow(TooManyTurnsError);
    expect(await table.readUsage()).toMatchObject({ t20300101: 2, running: { size: 2 } });
  });

  it('free the place of a turn that may have begun, but that nobody runs', async () => {
    const sut = quota({ perMinute: 20, atOnce: 1 });
    for (let times = 0; times < 3; times += 1) {
      const calls = table.faults.calls.length;
      const failed = sut.consume(table.user, { deadline: NOON }, () => Promise.reject(new TypeError('a bug')));
      await expect(failed).rejects.toThrow('a bug');
      while (table.faults.calls.length < calls + 2) await new Promise(setImmediate);
    }
    await run(sut);
    expect(await table.readUsage()).toMatchObject({ t20300101: 4 });
  });

  it('free their place though the table throttles until 5 s before the end of their lease', async () => {
    const { place } = await begin(quota());
    const clock = { time: place.until - 15_000 };
    const isOut = () => clock.time < place.until - 5_000;
    table.faults.inject(() => (isOut() ? { type: 'throttle' } : { type: 'delay', milliseconds: 0 }), {
      steps: ['quota'],
    });
    await createQuota(table.client, { atOnce: 2 }, clock).end(place, TOKENS);
    expect(await table.readUsage()).not.toHaveProperty('running');
    expect(await table.readUsage()).toMatchObject({ i20300101: 100 });
  });

  it('keep the lease of their chat as long as their place', async () => {
    const { lease, place } = await begin(quota());
    expect(place.until).toBe(toOpenTurn('Hello', NOON + MINUTE, lease).until);
  });

  it('hold no place for a turn that was refused, whose write arrives late', async () => {
    const sut = quota({ atOnce: 1 });
    const first = await begin(sut);
    table.faults.inject({ type: 'late', after: LATER }, { steps: ['quota'], times: 1 });
    const works: Promise<unknown>[] = [];
    const keep = (work: Promise<unknown>) => void works.push(work);
    const refused = sut.consume(table.user, { deadline: NOON + MINUTE, keep }, async () => undefined);
    await expect(refused).rejects.toThrow(TooManyTurnsError);
    expect(works).toHaveLength(1);
    await Promise.all(works);
    await sut.end(first.place);
    await table.faults.deliverRest();
    expect(await table.readUsage()).not.toHaveProperty('running');
    expect(await table.readUsage()).toMatchObject({ t20300101: 1 });
    await begin(sut);
  });

  it.each<[string, number, () => Promise<never>]>([
    ['take may have arrived', 1, () => Promise.reject(new Error('is not called'))],
    ['begin may have arrived', 0, () => Promise.reject(new StorageUnavailableError({ reason: 'it throttles' }))],
    ['refund fails', 0, () => Promise.reject(new TurnInProgressError(1))],
  ])('are kept until their place is free, while the table throttles, if their %s', async (_, lost, fail) => {
    const sut = quota({ atOnce: 1 });
    if (lost) table.faults.inject({ type: 'reply lost' }, { steps: ['quota'], times: 2 });
    table.faults.inject({ type: 'throttle' }, { steps: ['quota'], skip: lost ? 0 : 1, times: 7 });
    const works: Promise<unknown>[] = [];
    const keep = (work: Promise<unknown>) => void works.push(work);
    await expect(sut.consume(table.user, { deadline: NOON + MINUTE, keep }, fail)).rejects.toThrow();
    expect(works).toHaveLength(1);
    await Promise.all(works);
    expect(await table.readUsage()).not.toHaveProperty('running');
  });

  it('may be repeated 120 times a minute if only their number at once is limited', async () => {
    const sut = quota({ atOnce: 1 });
    const repeat = () =>
      sut.consume(table.user, { deadline: NOON + MINUTE, hasBegun: () => false }, async () => undefined);
    for (let times = 0; times < 2; times += 1) await repeat();
    const { minute, refunds } = toAttributeNames(NOON);
    expect(await table.readUsage()).toMatchObject({ [refunds]: { size: 2 } });
    expect(await table.readUsage()).not.toHaveProperty(minute);
    const ids = new Set(Array.from({ length: 119 }, (_, index) => `refunded-${index}`));
    await setAttribute(table, { id: `usage#${table.user}`, user_id: table.user }, refunds, ids);
    await repeat();
    await expect(repeat()).rejects.toEqual(refusal(45));
  });

  it('free the places of turns whose lease has ended', async () => {
    const sut = quota({ atOnce: 5 });
    await begin(sut, NOON - 10 * MINUTE);
    const other = await begin(sut);
    await run(sut);
    expect((await table.readUsage())['running']).toEqual(new Set([`${other.place.id}|${other.place.until}`]));
  });

  it('move the days before yesterday into items of their own, which are kept for 400 days', async () => {
    const limits = { atOnce: 2 };
    for (let day = 0; day < 5; day += 1) {
      const time = NOON + day * DAY;
      const { place } = await begin(quota(limits, time), time);
      table.faults.inject({ type: 'redelivery', after: LATER });
      await quota(limits, time).end(place, day === 1 ? TOKENS : undefined);
      table.faults.clear();
    }
    const before = await table.readUsage();
    await table.faults.deliverRest();
    expect(await table.readUsage()).toEqual(before);
    expect(Object.keys(before).filter((name) => /^[tio]\d/.test(name))).toEqual(['t20300104', 't20300105']);
    const { Items: days } = await table.table.send(
      new QueryCommand({
        TableName: table.environment.DYNAMODB_TABLE,
        KeyConditionExpression: 'id = :id AND begins_with(user_id, :days)',
        ExpressionAttributeValues: { ':id': `usage#${table.user}`, ':days': `${table.user}#D#` },
      }),
    );
    const expiresAt = (day: number) => Date.UTC(2030, 0, day + 400) / 1000;
    const id = `usage#${table.user}`;
    expect(days).toEqual([
      { id, user_id: `${table.user}#D#2030-01-01`, turns: 1, expires_at: expiresAt(1) },
      {
        id,
        user_id: `${table.user}#D#2030-01-02`,
        turns: 1,
        input_tokens: 100,
        output_tokens: 7,
        expires_at: expiresAt(2),
      },
      { id, user_id: `${table.user}#D#2030-01-03`, turns: 1, expires_at: expiresAt(3) },
    ]);
  });
});
