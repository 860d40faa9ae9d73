import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AgentTimeoutError, AgentUnavailableError } from '../agent/agent.errors.js';
import { StorageUnavailableError } from '../../dynamodb/dynamodb.errors.js';
import { turnDeadline, withGrace, withinDeadline } from './turn-deadline.js';

const soon = () => Date.now() + 50;
const late = () => Date.now() + 60_000;
/** Work that does not listen. */
const endless = () => new Promise<never>(() => undefined);

describe('turnDeadline', () => {
  it('is the lesser of the turn’s own time and what the host leaves it for storing the turn', () => {
    const now = Date.now();
    expect(turnDeadline('buffered', undefined, undefined) - now).toBeCloseTo(25_000, -2);
    expect(turnDeadline('streamed', undefined, undefined) - now).toBeCloseTo(290_000, -2);
    expect(turnDeadline('buffered', 9_000, now + 29_000) - now).toBeCloseTo(9_000, -2);
    expect(turnDeadline('buffered', undefined, now + 20_000) - now).toBe(16_000);
  });
});

describe('untilAnswerIsDue', () => {
  it('gives what the write gives, or its error', async () => {
    expect(await withGrace(Date.now() - 60_000, wait(100, 'written'))).toBe('written');
    const error = new Error('refused');
    await expect(withGrace(late(), Promise.reject(error))).rejects.toBe(error);
  });

  it('waits for a second after the deadline, and no longer', async () => {
    const start = performance.now();
    await expect(withGrace(Date.now() + 100, endless())).rejects.toBeInstanceOf(StorageUnavailableError);
    const waited = performance.now() - start;
    expect(waited).toBeGreaterThan(1_000);
    expect(waited).toBeLessThan(1_500);
  });
});

describe('withinDeadline', () => {
  it('gives what the work gives', async () => {
    expect(await withinDeadline(late(), new AbortController().signal, async () => 'done')).toBe('done');
  });

  it('ends at the deadline, also work that does not listen to its signal', async () => {
    let signal: AbortSignal | undefined;
    const work = withinDeadline(soon(), new AbortController().signal, (own) => {
      signal = own;
      return endless();
    });
    await expect(work).rejects.toBeInstanceOf(AgentTimeoutError);
    expect(signal?.aborted).toBe(true);
  });

  it('ends with the reason of whoever stops it, before it has begun or later', async () => {
    const stop = new AbortController();
    const reason = new AgentUnavailableError();
    setTimeout(() => stop.abort(reason), 50);
    await expect(withinDeadline(late(), stop.signal, endless)).rejects.toBe(reason);
    await expect(withinDeadline(late(), stop.signal, endless)).rejects.toBe(reason);
  });

  it('leaves what fails after its end to nobody', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const work = withinDeadline(soon(), new AbortController().signal, async () => {
      await wait(100);
      throw new Error('too late');
    });
    await expect(work).rejects.toBeInstanceOf(AgentTimeoutError);
    await wait(100);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it.each([
    ['is done', async () => 'done', late],
    ['fails', async () => Promise.reject(new Error('failed')), late],
    ['is ended', endless, soon],
  ])('leaves no listener behind when the work %s', async (_, work, deadline) => {
    const stop = new AbortController();
    const running = withinDeadline<unknown>(deadline(), stop.signal, work);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    await running.catch(() => undefined);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it.each([
    ['is done', async () => 'done'],
    ['fails', async () => Promise.reject(new Error('failed'))],
  ])('leaves no timer behind when the work %s', async (_, work) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    // So many that those of the test runner, which come and go, do not matter.
    const runs = Array.from({ length: 100 }, () => withinDeadline<unknown>(late(), new AbortController().signal, work));
    expect(timers()).toBeGreaterThan(before + 50);
    await Promise.allSettled(runs);
    expect(timers()).toBeLessThan(before + 50);
  });
});
