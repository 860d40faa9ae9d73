import { it } from '@jest/globals';

/**
 * Like `it.each`, for cases that mostly wait: the first one starts them all. The others run beside it, so a case must
 * not count what happens in an app that it shares.
 */
export function itEachTogether<Case extends string | object>(
  cases: readonly Case[],
  title: string,
  run: (each: Case) => Promise<void>,
): void {
  let started: ReadonlyMap<Case, Promise<void>> | undefined;
  it.each(cases as Case[])(title, async (each) => {
    started ??= new Map(cases.map((one) => [one, begin(run(one))]));
    await started.get(each);
  });
}

/** Failures are reported by the test that waits for them, which may be later. */
function begin(running: Promise<void>): Promise<void> {
  running.catch(() => undefined);
  return running;
}
