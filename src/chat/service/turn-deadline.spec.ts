import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AgentTimeoutError, AgentUnavailableError } from '../agent/agent.errors.js';
import { toStoreDeadline, toTurnDeadline, type WaitLimit, within } from './turn-deadline.js';

const soon = () => Date.now() + 50;
const late = () => Date.now() + 60_000;
/** The limit of an agent that nobody stops, unless the test does. */
const limit = (until: number, stop = new AbortController().signal): WaitLimit => ({
  until,
  stop,
  late: () => new AgentTimeoutError(),
});
/** Work that ignores its signal. */
const endless = () => new Promise<never>(() => undefined);

describe('toTurnDeadline', () => {
  it('is the end of the time limit, or 4 s before the deadline of Lambda if that is earlier', () => {
    const start = Date.now();
    for (const hostDeadline of [undefined, start + 90_000]) {
      const deadline = toTurnDeadline(25_000, hostDeadline);
      expect(deadline).toBeGreaterThanOrEqual(start + 25_000);
      expect(deadline).toBeLessThanOrEqual(Date.now() + 25_000);
    }
    expect(toTurnDeadline(25_000, start + 20_000)).toBe(start + 16_000);
  });
});

describe('toStoreDeadline', () => {
  it('is 1.5 s before the deadline of Lambda, and never on a server', () => {
    expect(toStoreDeadline(100_000)).toBe(98_500);
    expect(toStoreDeadline()).toBe(Infinity);
  });
});

describe('within', () => {
  it('returns the result of the work', async () => {
    expect(await within(limit(late()), async () => 'done')).toBe('done');
  });

  it('has no limit with Infinity, and needs no signal', async () => {
    const unlimited = { until: Infinity, late: () => new AgentTimeoutError() };
    expect(await within(unlimited, () => wait(20, 'done'))).toBe('done');
  });

  it('throws at the deadline, even if the work ignores its signal', async () => {
    let signal: AbortSignal | undefined;
    const work = within(limit(soon()), (own) => {
      signal = own;
      return endless();
    });
    await expect(work).rejects.toBeInstanceOf(AgentTimeoutError);
    expect(signal?.aborted).toBe(true);
  });

  it('throws the reason of the stop signal, aborted during the work or before it', async () => {
    const stop = new AbortController();
    const reason = new AgentUnavailableError();
    setTimeout(() => stop.abort(reason), 50);
    await expect(within(limit(late(), stop.signal), endless)).rejects.toBe(reason);
    await expect(within(limit(late(), stop.signal), endless)).rejects.toBe(reason);
  });

  it('hides errors of the work after the deadline', async () => {
    const unhandled: unknown[] = [];
    const collect = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', collect);
    const work = within(limit(soon()), async () => {
      await wait(100);
      throw new Error('too late');
    });
    await expect(work).rejects.toBeInstanceOf(AgentTimeoutError);
    await wait(100);
    process.off('unhandledRejection', collect);
    expect(unhandled).toEqual([]);
  });

  it.each([
    ['succeeds', async () => 'done', late],
    ['fails', async () => Promise.reject(new Error('failed')), late],
    ['takes too long', endless, soon],
  ])('removes its listener when the work %s', async (_, work, deadline) => {
    const stop = new AbortController();
    const running = within<unknown>(limit(deadline(), stop.signal), work);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    await running.catch(() => undefined);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it.each([
    ['succeeds', async () => 'done'],
    ['fails', async () => Promise.reject(new Error('failed'))],
  ])('clears its timer when the work %s', async (_, work) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    // A hundred, because the test runner has timers of its own, which come and go.
    const runs = Array.from({ length: 100 }, () => within<unknown>(limit(late()), work));
    expect(timers()).toBeGreaterThan(before + 50);
    await Promise.allSettled(runs);
    expect(timers()).toBeLessThan(before + 50);
  });
});
