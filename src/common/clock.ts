import { setTimeout as sleep } from 'node:timers/promises';

/** The time of the system. It is injected where a test needs another time. */
export class Clock {
  /** Epoch milliseconds. */
  now(): number {
    return Date.now();
  }

  /** Waits. */
  async sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
  }
}
