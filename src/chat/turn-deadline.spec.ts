import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AgentTimeoutError, AgentUnavailableError } from './agent/agent.errors.js';
import { timeToLetGo, turnDeadline, withinDeadline } from './turn-deadline.js';

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

describe('timeToLetGo', () => {
  it('is a second after the deadline, and more before it, but not for ever', () => {
    expect(timeToLetGo(Date.now() - 60_000)).toBe(1_000);
    expect(timeToLetGo(Date.now() + 2_000)).toBeCloseTo(3_000, -2);
    expect(timeToLetGo(Date.now() + 290_000)).toBe(4_000);
  });
});

describe('withinDeadline', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

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
  ])('leaves no timer and no listener behind when the work %s', async (_, work, deadline) => {
    const stop = new AbortController();
    const before = timers();
    const running = withinDeadline<unknown>(deadline(), stop.signal, work);
    expect([timers(), getEventListeners(stop.signal, 'abort').length]).toEqual([before + 1, 1]);
    await running.catch(() => undefined);
    expect([timers(), getEventListeners(stop.signal, 'abort').length]).toEqual([before, 0]);
  });
});
