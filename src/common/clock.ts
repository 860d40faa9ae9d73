/** The time of the system. It is injected where a test needs another time. */
export class Clock {
  /** Epoch milliseconds. */
  now(): number {
    return Date.now();
  }
}
