import type { Template, Value } from '../../../scripts/template/template.js';
import { BUFFERED_TURN, STREAMED_TURN } from '../../../src/config/waits.js';
import {
  type Environment,
  loadEnvironment,
  type RawEnvironment,
  variableNames,
} from '../../../src/config/environment.js';
import { SIGNING_ALGORITHMS } from '../../../src/config/signing-algorithms.js';
import { differences, KEY_SET } from './checks.js';
import { requestFunctionsOf, variablesOf } from './functions.js';
import { AGENT, asMap, isList, StackValues, textsIn } from './values.js';

type Variables = Readonly<Record<string, Value>>;

/** Variables of servers and local mode, or set by Lambda itself. */
const NOT_ON_LAMBDA = /^(AWS_.*|PORT|HOST|KEEP_ALIVE_SECONDS|API_DOCS|PLAYGROUND|DATA_DIR|LOCAL_.*)$/;
/** Its value comes from the secret that JWT_SECRET_ARN names. */
const NEVER_PLAIN = 'JWT_SECRET_KEY';
/** Values of AllowedOrigins, and whether they are valid. */
const ORIGINS: readonly (readonly [origins: string, isGood: boolean])[] = [
  ['', true],
  ['https://app.example.com', true],
  ['https://app.example.com,http://localhost:5173', true],
  ['*', false],
  ['https://app.example.com,', false],
  ['https://app.example.com/', false],
  ['https://App.example.com', false],
  ['app.example.com', false],
  ['capacitor://localhost,http://localhost:8100,ionic://localhost', true],
  ['chrome-extension://abcdefghijklmnopabcdefghijklmnop,file://', true],
  ['safari-web-extension://E6FE8A7C-1', true],
  ['chrome-extension://*', false],
  ['capacitor://localhost/', false],
  ['file:///', false],
  ['null', false],
];
/** Values of AllowedHeaders and BasePath, and whether they are valid. */
const TEXTS: readonly (readonly [parameter: string, value: string, isGood: boolean])[] = [
  ['AllowedHeaders', '', true],
  ['AllowedHeaders', 'traceparent,Sentry-Trace,x_custom', true],
  ['AllowedHeaders', '*', false],
  ['AllowedHeaders', 'traceparent,', false],
  ['AllowedHeaders', 'x'.repeat(65), false],
  ['BasePath', '', true],
  ['BasePath', '/api/v1', true],
  ['BasePath', 'api/', true],
  ['BasePath', '/', true],
  ['BasePath', '/a//b', false],
  ['BasePath', '/..', false],
];

/** Values of JwtAlgorithm, good and bad, with a secret or without. */
const ALGORITHMS = ['', ...SIGNING_ALGORITHMS, 'HS256,HS384', 'RS256,HS256', 'RS256,ES512', 'EdDSA', 'none', 'RS256,'];

/** The default time of a turn in each function, in milliseconds. */
const TIME_LIMITS: Readonly<Record<string, number>> = {
  ChatFunction: BUFFERED_TURN,
  ChatStreamFunction: STREAMED_TURN,
};

/** Lists variables that only the template or only the service knows. */
export function variableProblems(template: Template): string[] {
  const known = variableNames().filter((name) => !NOT_ON_LAMBDA.test(name) && name !== NEVER_PLAIN);
  return Object.entries(requestFunctionsOf(template)).flatMap(([name, properties]) =>
    differences(Object.keys(variablesOf(properties)), known).map((problem) => `${name}: ${problem}`),
  );
}

/** Lists allowed values that the service refuses, and defaults that differ from the service's. */
export function valueProblems(template: Template): string[] {
  return Object.entries(requestFunctionsOf(template)).flatMap(([name, properties]) =>
    problemsOfValues(template, variablesOf(properties), TIME_LIMITS[name] ?? BUFFERED_TURN),
  );
}

function problemsOfValues(template: Template, variables: Variables, defaultTimeout: number): string[] {
  const byDefault = configuration(template, variables, {});
  if (typeof byDefault === 'string') return [byDefault];
  const { AGENT_ID, AGENT_ALIAS_ID, DYNAMODB_TABLE, JWT_SECRET_ARN } = byDefault;
  // By default the service has one value for each kind of response. Each function sends one kind only.
  const AGENT_TIMEOUT_MS = String(defaultTimeout);
  const own = loadEnvironment({ AGENT_ID, AGENT_ALIAS_ID, AGENT_TIMEOUT_MS, DYNAMODB_TABLE, JWT_SECRET_ARN });
  const refused = Object.values(variables).flatMap((value) => {
    const parameter = isList(value) ? '' : String(asMap(value)['Ref']);
    const { AllowedValues = [], MinValue, MaxValue } = template.Parameters[parameter] ?? { Type: '' };
    return [...AllowedValues, MinValue, MaxValue].flatMap((allowed) => {
      const outcome = allowed === undefined ? {} : configuration(template, variables, { [parameter]: allowed });
      return typeof outcome === 'string' ? [outcome] : [];
    });
  });
  return [...refused, ...differences(Object.entries(byDefault).map(String), Object.entries(own).map(String))];
}

/** Lists origins, headers and base paths that only the template or only the service accepts. */
export function originProblems(template: Template): string[] {
  const variables = variablesOf(requestFunctionsOf(template)['ChatFunction']);
  const origins = ORIGINS.map(([value, isGood]) => ['AllowedOrigins', value, isGood] as const);
  return [...origins, ...TEXTS].flatMap(([parameter, value, isGood]) => {
    const pattern = new RegExp(template.Parameters[parameter]?.AllowedPattern ?? '^(?!)');
    const isTaken = typeof configuration(template, variables, { [parameter]: value }) !== 'string';
    return pattern.test(value) === isGood && isTaken === isGood ? [] : [`${parameter}: ${value}`];
  });
}

/** Lists choices of algorithms that the template allows and the service refuses, and the reverse. */
export function algorithmProblems(template: Template): string[] {
  const pattern = new RegExp(template.Parameters['JwtAlgorithm']?.AllowedPattern ?? '^(?!)');
  const variables = variablesOf(requestFunctionsOf(template)['ChatFunction']);
  return [{}, KEY_SET].flatMap((keys) =>
    ALGORITHMS.flatMap((JwtAlgorithm) => {
      const parameters = { ...AGENT, ...keys, JwtAlgorithm };
      const isAllowed = pattern.test(JwtAlgorithm) && new StackValues(template, parameters).isAllowed();
      const isTaken = typeof configuration(template, variables, parameters) !== 'string';
      return isAllowed === isTaken ? [] : [`${Object.values(keys).join(' ')} ${JwtAlgorithm}: ${isAllowed}`];
    }),
  );
}

/** Lists places that would show a secret. */
export function secretProblems(template: Template): string[] {
  const isSecret = (name: string) => /secret|password|private|credential/i.test(name);
  const environments = Object.values(requestFunctionsOf(template)).map(variablesOf);
  return [
    ...environments.flatMap(Object.keys).filter((name) => isSecret(name) && !name.endsWith('_ARN')),
    ...Object.keys(template.Parameters).filter((name) => isSecret(name) && !name.endsWith('Arn')),
    ...environments.flatMap(textsIn).filter((text) => text.includes('{{resolve:')),
    ...Object.entries(template.Resources).flatMap(([name, { Properties }]) =>
      'SecretString' in asMap(Properties) ? [`${name}.SecretString`] : [],
    ),
  ];
}

/** The configuration of a function of a stack, or why the service refuses it. */
export function configuration(
  template: Template,
  variables: Variables,
  parameters: Readonly<Record<string, string | number>>,
  agent: Readonly<Record<string, string>> = AGENT,
): Environment | string {
  const values = new StackValues(template, { ...agent, ...parameters });
  const raw = Object.entries(variables).map(([name, value]) => [name, String(values.of(value))]);
  return loadOrProblem(Object.fromEntries(raw) as Record<string, string>);
}

/** What the service makes of variables, by these. Mutated templates give most of them again and again. */
const loaded = new Map<string, Environment | string>();

/** Loads the configuration, or says why the service refuses it. */
export function loadOrProblem(raw: RawEnvironment): Environment | string {
  const key = JSON.stringify(raw);
  const outcome = loaded.get(key) ?? load(raw);
  loaded.set(key, outcome);
  return outcome;
}

function load(raw: RawEnvironment): Environment | string {
  try {
    return loadEnvironment(raw);
  } catch (error) {
    return String(error);
  }
}
