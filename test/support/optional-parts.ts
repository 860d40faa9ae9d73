import { describe } from '@jest/globals';

/**
 * `describe` if an optional part is installed. If it is not, its tests are skipped, and a line says so.
 *
 * @param what - what is skipped, and why.
 */
export function describeWhere(isHere: boolean, what: string): typeof describe | typeof describe.skip {
  if (isHere) return describe;
  skipped(what);
  return describe.skip;
}

/** Writes around Jest, which would add the place of the call. */
export function skipped(what: string): void {
  process.stderr.write(`\nSKIPPED: ${what}\n\n`);
}
