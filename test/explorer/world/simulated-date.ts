import type { World } from './world.js';

const RealDate = Date;
let shown: World | undefined;

/** `Date` of a simulated process. */
class SimulatedDate extends RealDate {
  constructor(...parts: readonly [] | readonly [number | string | Date]) {
    const [time = SimulatedDate.now()] = parts;
    super(time);
  }

  static override now(): number {
    return shown ? shown.clock : RealDate.now();
  }
}

/**
 * Lets `Date` show the clocks of a world while the work runs. The storage reads the time in many places, and none of them
 * needs a clock of its own for production.
 */
export async function withDatesOf<T>(world: World, work: () => Promise<T>): Promise<T> {
  shown = world;
  globalThis.Date = SimulatedDate as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
    shown = undefined;
  }
}
