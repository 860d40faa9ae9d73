import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { AgentTimeoutError, AgentUnavailableError } from '../agent/agent.errors.js';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { toTurnDeadline, withGrace, withinDeadline } from './turn-deadline.js';

const soon = () => Date.now() + 50;
const late = () => Date.now() + 60_000;
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

describe('withGrace', () => {
  it('returns the result or the error of the write', async () => {
    expect(await withGrace(Date.now() - 60_000, wait(100, 'written'))).toBe('written');
    const error = new Error('refused');
    await expect(withGrace(late(), Promise.reject(error))).rejects.toBe(error);
  });

  it('waits for the grace after the deadline, and no longer', async () => {
    const start = performance.now();
    await expect(withGrace(Date.now() + 100, endless(), 200)).rejects.toBeInstanceOf(StorageUnavailableError);
    // Timers may fire a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(290);
  });

  it('has a grace of one second by default', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await withGrace(Date.now() - 60_000, wait(0));
    expect(timers).toHaveBeenCalledWith(expect.any(Function), 1_000);
    timers.mockRestore();
  });
});

describe('withinDeadline', () => {
  it('returns the result of the work', async () => {
    expect(await withinDeadline(late(), new AbortController().signal, async () => 'done')).toBe('done');
  });

  it('throws at the deadline, even if the work ignores its signal', async () => {
    let signal: AbortSignal | undefined;
    const work = withinDeadline(soon(), new AbortController().signal, (own) => {
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
    await expect(withinDeadline(late(), stop.signal, endless)).rejects.toBe(reason);
    await expect(withinDeadline(late(), stop.signal, endless)).rejects.toBe(reason);
  });

  it('hides errors of the work after the deadline', async () => {
    const unhandled: unknown[] = [];
    const collect = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', collect);
    const work = withinDeadline(soon(), new AbortController().signal, async () => {
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
    const running = withinDeadline<unknown>(deadline(), stop.signal, work);
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
    const runs = Array.from({ length: 100 }, () => withinDeadline<unknown>(late(), new AbortController().signal, work));
    expect(timers()).toBeGreaterThan(before + 50);
    await Promise.allSettled(runs);
    expect(timers()).toBeLessThan(before + 50);
  });
});
