import type { Template, Value } from '../../../scripts/template/template.js';
import { TableSettings } from '../../../src/config/settings.js';
import { loadTableEnvironment } from '../../../src/config/table-environment.js';
import { differences } from './checks.js';
import { functionsOf, SWEEP_FUNCTION, variablesOf } from './functions.js';
import { AGENT, asMap, StackValues, valuesAt } from './values.js';

/** The longest run of a function, in seconds. */
const LONGEST_SECONDS = 900;
/** Values of SweepSchedule, and whether EventBridge knows them. */
const SCHEDULES: readonly (readonly [schedule: string, isGood: boolean])[] = [
  ['', true],
  ['rate(1 day)', true],
  ['rate(15 minutes)', true],
  ['cron(0 3 * * ? *)', true],
  ['cron(0 3 ? * MON-FRI *)', true],
  ['rate(0 days)', false],
  ['1 day', false],
  ['at(2026-01-01T00:00:00)', false],
];

/** Lists problems of the function that sweeps: its schedule, its limits, its table, and ways in beside the schedule. */
export function sweepProblems(template: Template): string[] {
  const { Events, Timeout, EventInvokeConfig, ...properties } = functionsOf(template)[SWEEP_FUNCTION] ?? {};
  const stackOf = (SweepSchedule?: string) =>
    new StackValues(template, { ...AGENT, ...(SweepSchedule !== undefined && { SweepSchedule }) });
  const events = valuesAt(Events, '*').map((event) => JSON.stringify(stackOf().of(event)));
  const resources = [SWEEP_FUNCTION, 'SweepFunctionRole'];
  const pattern = new RegExp(template.Parameters['SweepSchedule']?.AllowedPattern ?? '^(?!)');
  return [
    ...differences(events, [JSON.stringify({ Type: 'Schedule', Properties: { Schedule: 'rate(1 day)' } })]),
    ...resources.filter((name) => !stackOf().has(name)).map((name) => `${name} is not there`),
    ...resources.filter((name) => stackOf('').has(name)).map((name) => `${name} is there without a schedule`),
    ...SCHEDULES.filter(([schedule, isGood]) => pattern.test(schedule) !== isGood).map(([schedule]) => schedule),
    ...(Number(Timeout) <= LONGEST_SECONDS ? [] : ['no function runs that long']),
    ...(asMap(EventInvokeConfig)['MaximumRetryAttempts'] === 0 ? [] : ['a run is repeated before its schedule']),
    ...differences([tableOf(template, variablesOf(properties))], ['ChatTable']),
  ];
}

/** The table that the function sweeps. It has the variables of the others, and reads those of the table. */
function tableOf(template: Template, variables: Readonly<Record<string, Value>>): string {
  const stack = new StackValues(template);
  const raw = Object.entries(variables).map(([name, value]) => [name, String(stack.of(value))]);
  return new TableSettings(loadTableEnvironment(Object.fromEntries(raw) as Record<string, string>)).name;
}
