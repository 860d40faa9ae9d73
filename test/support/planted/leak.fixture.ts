import { expect, it } from '@jest/globals';

/** `listeners.setup.spec.ts` runs this file. It must fail, though its only test passes. */
it('writes an address of a user into the log', () => {
  expect(process.stdout.write('{"level":"log","message":"alice@example.com"}\n')).toBe(true);
});
