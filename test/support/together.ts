import { beforeAll, it } from '@jest/globals';

type Run<Case> = (each: Case) => Promise<void>;

/**
 * Like `it.each`, for cases that mostly wait: the first one starts them all. The others run beside it, so a case must
 * not count what happens in an app that it shares.
 */
export function itEachTogether<Case extends string | object>(
  cases: readonly Case[],
  title: string,
  run: Run<Case>,
): void {
  let started: ReadonlyMap<Case, Promise<void>> | undefined;
  it.each(cases as Case[])(title, async (each) => {
    started ??= startAll(cases, run);
    await started.get(each);
  });
}

/** Like `itEachTogether`, and the cases run beside all other tests of their block too. They start before the first test. */
export function itEachBeside<Case extends string | object>(
  cases: readonly Case[],
  title: string,
  run: Run<Case>,
): void {
  let started: ReadonlyMap<Case, Promise<void>>;
  beforeAll(() => void (started = startAll(cases, run)));
  it.each(cases as Case[])(title, async (each) => started.get(each));
}

function startAll<Case>(cases: readonly Case[], run: Run<Case>): ReadonlyMap<Case, Promise<void>> {
  return new Map(cases.map((each) => [each, begin(run(each))]));
}

/** Failures are reported by the test that waits for them, which may be later. */
function begin(running: Promise<void>): Promise<void> {
  running.catch(() => undefined);
  return running;
}
