import { Logger } from '@nestjs/common';
import { afterAll, beforeAll } from '@jest/globals';

/** Keeps the warnings of the simulated processes out of the output of a test. */
export function silenceLogs(): void {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(true));
}
