import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { type QuotaPlace as TakenPlace } from '../../../src/usage/dynamo-turn-quota.repository.js';
import { toAttributeNames, toUsageKey } from '../../../src/usage/usage-item.js';
import type { Run } from '../workload/run.js';
import { type Attempt, type QuotaPlace } from './ledger.js';

/** What every turn has used. */
export const TOKENS = { inputTokens: 1, outputTokens: 1 };

/** The place that a turn asks for now. */
export function toQuotaPlace(user: string, step: number, calledAt: number): QuotaPlace {
  const { minute, turns, inputTokens } = toAttributeNames(Date.now());
  return { user, day: turns, minute, tokens: inputTokens, step, calledAt };
}

/** Checks the usage of a user: every turn that has begun is counted, once in its minute and once in its day. */
export function checkQuota(run: Run, items: readonly Item[]): void {
  const user = String(items[0]?.['user_id']).split('#')[0];
  const places = run.ledger.quotaPlaces.filter((place) => place.user === user);
  const main = items.find((item) => item['user_id'] === user) ?? {};
  for (const day of new Set(places.map((place) => place.day)))
    checkDay(run, listOf(places, 'day', day), { main, items });
  for (const minute of new Set(places.map((place) => place.minute))) {
    checkMinute(run, listOf(places, 'minute', minute), main[minute]);
  }
}

/** Checks that a turn that is refused by the quota may have found all places taken. */
export function checkRefusal({ ledger, schedule }: Run, own: QuotaPlace): void {
  const { turnsPerMinute, turnsAtOnce } = schedule;
  const others = ledger.quotaPlaces.filter(({ user, step }) => user === own.user && step !== own.step);
  const inMinute = others.filter(({ minute }) => minute === own.minute).length;
  const atOnce = others.filter(({ freedAt = Infinity }) => freedAt >= own.calledAt).length;
  const isReached = (limit: number, count: number) => limit > 0 && count >= limit;
  if (isReached(turnsPerMinute, inMinute) || isReached(turnsAtOnce, atOnce)) return;
  ledger.report('refused although the quota has room', `${inMinute} other turns in ${own.minute}, ${atOnce} at once`);
}

/**
 * Checks that no more turns run at once than are allowed, when another one has begun. A turn whose chat was taken away
 * has been ended for it.
 */
export function checkTurnsAtOnce({ ledger, schedule, world }: Run, { user }: Attempt): void {
  const { turnsAtOnce } = schedule;
  const isRunning = ({ outcome, turns, endedAt, runsUntil, task }: Attempt) =>
    outcome === 'begun' &&
    turns.at(-1)?.to === Infinity &&
    endedAt === undefined &&
    runsUntil > world.now &&
    !task.isDead;
  const count = ledger.attempts.filter((attempt) => attempt.user === user && isRunning(attempt)).length;
  if (turnsAtOnce > 0 && count > turnsAtOnce) ledger.report('too many turns at once', `${count} of ${turnsAtOnce}`);
}

/** Checks that the end of a turn has freed its place. A fault may have prevented it: then the place ends by its time. */
export function checkFreed({ ledger, table }: Run, { user, task, prompt }: Attempt, place: TakenPlace): void {
  if (task.hasFaults) return;
  const running = table.find(toUsageKey(user))?.['running'];
  const isTaken = running instanceof Set && [...running].some((text) => String(text).startsWith(`${place.id}|`));
  if (isTaken) ledger.report('place is not freed', prompt);
}

function checkDay(
  { ledger }: Run,
  places: readonly QuotaPlace[],
  { main, items }: { main: Item; items: readonly Item[] },
): void {
  const { day, tokens } = places[0]!;
  const date = day.replace(/^t(\d{4})(\d\d)/, '$1-$2-');
  // A day that has ended moves into an item of its own.
  const moved = items.find((item) => String(item['user_id']).endsWith(`#D#${date}`));
  const turns = Number(main[day] ?? moved?.['turns'] ?? 0);
  const used = Number(main[tokens] ?? moved?.['input_tokens'] ?? 0);
  const begun = countBegun(ledger.attempts, places);
  const text = `${turns} turns and ${used} tokens of ${begun} turns and ${places.length} requests on ${date}`;
  if (turns < begun) ledger.report('usage counts too few', text);
  if (turns > places.length || used > begun) ledger.report('usage counts too many', text);
}

function checkMinute({ ledger, schedule }: Run, places: readonly QuotaPlace[], set: unknown): void {
  const { turnsPerMinute } = schedule;
  const begun = countBegun(ledger.attempts, places);
  const text = `${begun} turns of ${places.length} requests in ${places[0]?.minute}`;
  if (turnsPerMinute > 0 && begun > turnsPerMinute) ledger.report('quota is exceeded', text);
  // Later turns remove the minute.
  if (!(set instanceof Set)) return;
  if (set.size < begun || set.size > places.length) ledger.report('quota counts wrong', `${set.size} places, ${text}`);
}

function listOf(places: readonly QuotaPlace[], name: 'day' | 'minute', value: string): QuotaPlace[] {
  return places.filter((place) => place[name] === value);
}

function countBegun(attempts: readonly Attempt[], places: readonly QuotaPlace[]): number {
  const steps = new Set(places.map(({ step }) => step));
  return attempts.filter(({ step, outcome }) => steps.has(step) && outcome === 'begun').length;
}
