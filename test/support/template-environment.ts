import type { Template, Value } from '../../scripts/template/template.js';
import { TIMEOUT_MILLISECONDS } from '../../src/chat/turn-deadline.js';
import { loadEnvironment, variableNames } from '../../src/config/environment.js';
import { differences } from './template-checks.js';
import { AGENT, asMap, isList, StackValues, textsIn } from './template-values.js';

/** Of servers and local mode, or set by Lambda itself. */
const NOT_ON_LAMBDA = /^(AWS_.*|PORT|HOST|DATA_DIR|LOCAL_.*)$/;
/** Its value comes from the secret that JWT_SECRET_ARN names. */
const NEVER_PLAIN = 'JWT_SECRET_KEY';

function variablesOf(template: Template): Readonly<Record<string, Value>> {
  return asMap(asMap(template.Resources['ChatFunction']?.Properties['Environment'])['Variables']);
}

/** Variables that the function is given and the service does not know, and the reverse. */
export function variableProblems(template: Template): string[] {
  const known = variableNames().filter((name) => !NOT_ON_LAMBDA.test(name) && name !== NEVER_PLAIN);
  return differences(Object.keys(variablesOf(template)), known);
}

/** Values that the template allows and the service refuses, and defaults that are not the service's own. */
export function valueProblems(template: Template): string[] {
  const variables = variablesOf(template);
  const byDefault = configuration(template, {});
  if (typeof byDefault === 'string') return [byDefault];
  const { AGENT_ID, AGENT_ALIAS_ID, DYNAMODB_TABLE, JWT_SECRET_ARN } = byDefault;
  // Without a value the service takes one for each kind of answer; the function gives answers in one piece only.
  const AGENT_TIMEOUT_MS = String(TIMEOUT_MILLISECONDS.buffered);
  const own = loadEnvironment({ AGENT_ID, AGENT_ALIAS_ID, AGENT_TIMEOUT_MS, DYNAMODB_TABLE, JWT_SECRET_ARN });
  const refused = Object.values(variables).flatMap((value) => {
    const parameter = isList(value) ? '' : String(asMap(value)['Ref']);
    const { AllowedValues = [], MinValue, MaxValue } = template.Parameters[parameter] ?? { Type: '' };
    return [...AllowedValues, MinValue, MaxValue].flatMap((allowed) => {
      const outcome = allowed === undefined ? {} : configuration(template, { [parameter]: allowed });
      return typeof outcome === 'string' ? [outcome] : [];
    });
  });
  return [...refused, ...differences(Object.entries(byDefault).map(String), Object.entries(own).map(String))];
}

/** Places where a secret would stand in the open. */
export function secretProblems(template: Template): string[] {
  const isSecret = (name: string) => /secret|password|private|credential/i.test(name);
  const variables = variablesOf(template);
  return [
    ...Object.keys(variables).filter((name) => isSecret(name) && !name.endsWith('_ARN')),
    ...Object.keys(template.Parameters).filter((name) => isSecret(name) && !name.endsWith('Arn')),
    ...textsIn(variables).filter((text) => text.includes('{{resolve:')),
    ...Object.entries(template.Resources).flatMap(([name, { Properties }]) =>
      'SecretString' in asMap(Properties) ? [`${name}.SecretString`] : [],
    ),
  ];
}

function configuration(template: Template, parameters: Readonly<Record<string, string | number>>) {
  const values = new StackValues(template, { ...AGENT, ...parameters });
  const raw = Object.entries(variablesOf(template)).map(([name, value]) => [name, String(values.of(value))]);
  try {
    return loadEnvironment(Object.fromEntries(raw) as Record<string, string>);
  } catch (error) {
    return String(error);
  }
}
