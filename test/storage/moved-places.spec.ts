import { describe, expect, it } from '@jest/globals';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import type { TakenPlace, TurnQuota } from '../../src/usage/turn-quota.js';
import { TooManyTurnsError } from '../../src/usage/usage.errors.js';
import { createQuota, type Limits } from '../support/quota.js';
import { NOON, useUsageTable } from '../support/usage-table.js';

const MINUTE = 60_000;
/** A write that waits for so many calls waits for `deliverRest`. */
const LATER = { calls: 1000 };

interface Begun {
  readonly lease: string;
  readonly place: TakenPlace;
}

describe('the place of a turn that supersedes another one', () => {
  const table = useUsageTable();
  const quota = (limits: Limits = { atOnce: 1 }, time = NOON) => table.quota(limits, time);
  /** Begins a turn that may take a minute. @param stops - the lease of the turn that it would stop. */
  async function begin(sut: TurnQuota, stops?: string, work: () => Promise<void> = async () => {}): Promise<Begun> {
    const turn = { deadline: NOON + MINUTE, supersedes: async () => stops };
    const { begun: lease, place } = await sut.consume(table.user, turn, async (own) => {
      await work();
      return own;
    });
    if (!lease || !place) throw new Error('there is no limit');
    return { lease, place };
  }
  const countRunning = async () => ((await table.readUsage())['running'] as Set<string> | undefined)?.size ?? 0;

  it('is one more while the other one ends', async () => {
    const old = await begin(quota());
    const next = await begin(quota(), old.lease);
    expect(await countRunning()).toBe(2);
    await expect(begin(quota())).rejects.toThrow(TooManyTurnsError);
    await quota().end(old.place);
    expect(await countRunning()).toBe(1);
    await expect(begin(quota())).rejects.toThrow(TooManyTurnsError);
    await quota().end(next.place);
    await begin(quota());
  });

  it('is never more than one above the limit', async () => {
    const limits = { atOnce: 3 };
    const old = [await begin(quota(limits)), await begin(quota(limits)), await begin(quota(limits))];
    const attempts = Array.from({ length: 12 }, (_, index) => begin(quota(limits), old[index % 3]!.lease));
    const begun = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled');
    expect(begun).toHaveLength(1);
    expect(await countRunning()).toBe(4);
  });

  it.each([
    ['another user', 'aa000000-0000-4000-8000-000000000000'],
    ['no turn', undefined],
  ])('is not given for the turn of %s', async (_, lease) => {
    await begin(quota());
    await expect(begin(quota(), lease)).rejects.toThrow(TooManyTurnsError);
    expect(await countRunning()).toBe(1);
  });

  it('needs no other turn if there is room, and does not ask for one', async () => {
    let asked = 0;
    const turn = { deadline: NOON + MINUTE, supersedes: async () => String((asked += 1)) };
    await quota().consume(table.user, turn, async () => undefined);
    expect(asked).toBe(0);
    await expect(quota({ perMinute: 1 }).consume(table.user, turn, async () => undefined)).rejects.toThrow(
      TooManyTurnsError,
    );
    expect(asked).toBe(0);
  });

  it('is taken if the other one ends while it is asked for', async () => {
    const old = await begin(quota());
    const supersedes = async () => {
      await quota().end(old.place);
      return old.lease;
    };
    await quota().consume(table.user, { deadline: NOON + MINUTE, supersedes }, async () => undefined);
    expect(await countRunning()).toBe(1);
  });

  it('is not taken if a third turn gets the place of the other one meanwhile', async () => {
    const old = await begin(quota());
    const supersedes = async () => {
      await quota().end(old.place);
      await begin(quota());
      return old.lease;
    };
    const superseding = quota().consume(table.user, { deadline: NOON + MINUTE, supersedes }, async () => undefined);
    await expect(superseding).rejects.toThrow(TooManyTurnsError);
    expect(await countRunning()).toBe(1);
  });

  it.each<Limits>([
    { atOnce: 1, perMinute: 1 },
    { atOnce: 1, perDay: 1 },
  ])('changes no other limit: %j', async (limits) => {
    const old = await begin(quota(limits));
    await expect(begin(quota(limits), old.lease)).rejects.toThrow(TooManyTurnsError);
  });

  it('is given back if the begin fails', async () => {
    const old = await begin(quota({ atOnce: 1, perMinute: 5 }));
    const fail = () => Promise.reject(new ChatNotFoundError());
    for (let times = 0; times < 3; times += 1) {
      await expect(begin(quota({ atOnce: 1, perMinute: 5 }), old.lease, fail)).rejects.toThrow('Chat not found');
    }
    expect(await countRunning()).toBe(1);
    expect(await table.readUsage()).toMatchObject({ t20300101: 1 });
    await begin(quota({ atOnce: 1, perMinute: 5 }), old.lease);
  });

  it('is the only one as soon as a dead turn is abandoned, which is counted once', async () => {
    const dead = await begin(quota());
    const next = await begin(quota(), dead.lease);
    for (let times = 0; times < 2; times += 1) await quota().freeAbandoned(table.user, dead.lease);
    expect(await countRunning()).toBe(1);
    await quota().end(dead.place);
    await begin(quota(), next.lease);
    expect(await table.readUsage()).toMatchObject({ t20300101: 3 });
  });

  it('is the only one if the table was unavailable when the dead turn was abandoned', async () => {
    const dead = await begin(quota());
    const next = await begin(quota(), dead.lease);
    table.faults.inject({ type: 'throttle' }, { times: 2 });
    await quota().freeAbandoned(table.user, dead.lease);
    expect(await countRunning()).toBe(1);
    await begin(quota(), next.lease);
  });

  it('does not free the place of another turn, or without a limit', async () => {
    await begin(quota());
    await quota().freeAbandoned(table.user, 'aa000000-0000-4000-8000-000000000000');
    const before = table.faults.calls.length;
    await quota({}).freeAbandoned(table.user, 'aa000000-0000-4000-8000-000000000000');
    expect(table.faults.calls.length).toBe(before);
    expect(await countRunning()).toBe(1);
  });

  it('leaves room if dead turns are in the way too', async () => {
    await createQuota(table.client, { atOnce: 2 }, { time: NOON - 10 * MINUTE }).consume(
      table.user,
      { deadline: NOON - 9 * MINUTE },
      async () => undefined,
    );
    const old = await begin(quota({ atOnce: 2 }));
    await begin(quota({ atOnce: 2 }), old.lease);
    expect(await countRunning()).toBe(2);
  });

  it.each(['at once', LATER] as const)('is counted once if each write arrives twice, the second %j', async (after) => {
    const old = await begin(quota());
    table.faults.inject({ type: 'redelivery', after }, { steps: ['quota'] });
    const next = await begin(quota(), old.lease);
    await quota().end(old.place);
    await quota().end(next.place);
    table.faults.clear();
    await table.faults.deliverRest();
    expect(await countRunning()).toBe(0);
    expect(await table.readUsage()).toMatchObject({ t20300101: 2 });
  });
});
