import type { World, WorldEvent } from './world.js';

const RealDate = Date;
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
/** A timer of Node that is as long stands for no limit. */
const NO_LIMIT = 2 ** 31 - 1;
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
 * Lets `Date` and timers follow the clocks of a world while the work runs. The product uses them in many places, and none
 * of these needs a clock of its own for production.
 */
export async function withTimeOf<T>(world: World, work: () => Promise<T>): Promise<T> {
  shown = world;
  globalThis.Date = SimulatedDate as DateConstructor;
  globalThis.setTimeout = setSimulatedTimeout as typeof setTimeout;
  globalThis.clearTimeout = clearSimulatedTimeout as typeof clearTimeout;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
    globalThis.setTimeout = realSetTimeout;
    globalThis.clearTimeout = realClearTimeout;
    shown = undefined;
  }
}

function setSimulatedTimeout(run: () => void, milliseconds = 0): WorldEvent | NodeJS.Timeout | undefined {
  // Without a running task it is a timer of the test runner.
  if (!shown?.current) return realSetTimeout(run, milliseconds);
  return milliseconds < NO_LIMIT ? shown.plan(milliseconds, run, shown.current) : undefined;
}

function clearSimulatedTimeout(timer: WorldEvent | NodeJS.Timeout | undefined): void {
  if (timer && 'isCancelled' in timer) timer.isCancelled = true;
  else realClearTimeout(timer);
}
