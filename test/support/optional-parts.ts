import { describe } from '@jest/globals';

/**
 * `describe` where a part that not every machine has is here. Elsewhere its tests are skipped, and a line says so.
 *
 * @param what - is skipped, and why.
 */
export function describeWhere(isHere: boolean, what: string): typeof describe | typeof describe.skip {
  if (isHere) return describe;
  skipped(what);
  return describe.skip;
}

/** Says so past jest, which would print where the line came from and not the line alone. */
export function skipped(what: string): void {
  process.stderr.write(`\nSKIPPED: ${what}\n\n`);
}
