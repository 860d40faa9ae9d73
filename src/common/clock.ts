import { setTimeout as wait } from 'node:timers/promises';

/** The time of the system. It is injected where a test needs another time. */
export class Clock {
  /** Epoch milliseconds. */
  now(): number {
    return Date.now();
  }

  /** Waits for some milliseconds. */
  async sleep(milliseconds: number): Promise<void> {
    await wait(milliseconds);
  }
}
