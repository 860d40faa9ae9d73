import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import type { Run } from '../workload/run.js';
import type { Attempt, QuotaPlace } from './ledger.js';

/** Checks the quota of a user and day: every turn that has begun is counted, once in its minute. */
export function checkQuota(run: Run, item: Item): void {
  const user = String(item['user_id']);
  const day = String(item['id']).split('#')[1];
  const places = run.ledger.quotaPlaces.filter((place) => place.user === user && place.day === day);
  const counted = Number(item['turns'] ?? 0);
  const begun = listBegun(run, places).length;
  // The day may count a turn twice, but never too few.
  if (counted < begun) run.ledger.report('quota counts too few', `${counted} of ${begun} turns on ${day}`);
  for (const minute of new Set(places.map((place) => place.minute))) {
    checkMinute(
      run,
      places.filter((place) => place.minute === minute),
      item[minute],
    );
  }
}

/** Checks that a turn that is refused by the quota has found all places taken. */
export function checkRefusal(run: Run, own: QuotaPlace): void {
  const others = run.ledger.quotaPlaces.filter(
    ({ user, day, minute, step }) => user === own.user && day === own.day && minute === own.minute && step !== own.step,
  );
  if (others.length < run.schedule.turnsPerMinute) {
    run.ledger.report('refused although the quota has room', `${others.length} other turns in ${own.minute}`);
  }
}

function checkMinute({ ledger, schedule }: Run, places: readonly QuotaPlace[], set: unknown): void {
  const begun = places.filter(({ step }) => isBegun(ledger.attempts, step)).length;
  const text = `${begun} turns of ${places.length} requests in ${places[0]?.minute}`;
  if (begun > schedule.turnsPerMinute) ledger.report('quota is exceeded', text);
  // Later turns remove the minute.
  if (!(set instanceof Set)) return;
  if (set.size < begun || set.size > places.length) ledger.report('quota counts wrong', `${set.size} places, ${text}`);
}

function listBegun({ ledger }: Run, places: readonly QuotaPlace[]): QuotaPlace[] {
  return places.filter(({ step }) => isBegun(ledger.attempts, step));
}

function isBegun(attempts: readonly Attempt[], step: number): boolean {
  return attempts.some((attempt) => attempt.step === step && attempt.outcome === 'begun');
}
