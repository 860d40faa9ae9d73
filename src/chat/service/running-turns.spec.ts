import { describe, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AgentUnavailableError } from '../agent/agent.errors.js';
import { RunningTurns } from './running-turns.js';
import { TurnTimes } from './turn-times.js';

const MINUTE = 60_000;

const create = (shutdownGrace: number, times: Partial<TurnTimes> = {}) =>
  new RunningTurns({ ...new TurnTimes(), shutdownGrace, ...times });
/** A turn that ends when the test says so. */
function controlledTurn() {
  let end: (reply: string) => void = () => undefined;
  const turn = new Promise<string>((resolve) => (end = resolve));
  return { work: () => turn, end };
}
/** A turn that ends only when it is stopped. */
const endless = (stop: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error));
  });
const isSettled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);

describe('RunningTurns', () => {
  it('returns the result or the error of the turn', async () => {
    const sut = create(MINUTE);
    expect(await sut.run(async () => 'reply')).toBe('reply');
    await expect(sut.run(async () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  });

  it('is idle when every turn has ended', async () => {
    const sut = create(MINUTE);
    await sut.idle();
    const { work, end } = controlledTurn();
    const turns = [sut.run(work), sut.run(async () => 'reply')];
    const idle = sut.idle();
    expect(await isSettled(idle)).toBe(false);
    end('reply');
    await idle;
    await Promise.all(turns);
  });

  it('is idle when what a turn has left behind has ended too', async () => {
    const sut = create(MINUTE);
    const { work, end } = controlledTurn();
    const left = controlledTurn();
    const turn = sut.run(async () => {
      await work();
      sut.keep(left.work().then(() => Promise.reject(new Error('is not reported'))));
    });
    const idle = sut.idle();
    end('reply');
    await turn;
    expect(await isSettled(idle)).toBe(false);
    left.end('stored');
    await idle;
  });

  it('gives up storing at the end of a shutdown, and then waits no longer', async () => {
    const sut = create(0, { shutdownStoring: 20, lastWrite: 20 });
    const { work } = controlledTurn();
    sut.keep(work());
    expect(sut.storing.aborted).toBe(false);
    sut.beforeApplicationShutdown();
    await sut.onApplicationShutdown();
    expect(sut.storing.reason).toBeInstanceOf(StorageUnavailableError);
  });

  it('lets a turn end by itself within the grace of a shutdown', async () => {
    const sut = create(MINUTE);
    const { work, end } = controlledTurn();
    const turn = sut.run(work);
    sut.beforeApplicationShutdown();
    const shutdown = sut.onApplicationShutdown();
    expect(await isSettled(shutdown)).toBe(false);
    end('reply');
    await shutdown;
    expect(await turn).toBe('reply');
  });

  it('stops a turn that runs longer than the grace', async () => {
    const sut = create(10);
    const turn = sut.run(() => endless(sut.stopping));
    sut.beforeApplicationShutdown();
    await expect(turn).rejects.toBeInstanceOf(AgentUnavailableError);
    await sut.onApplicationShutdown();
  });
});
