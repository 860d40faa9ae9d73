import type { Properties, Template, Value } from '../../../scripts/template/template.js';
import { buildTableSchema, TIME_TO_LIVE_ATTRIBUTE } from '../../../src/dynamodb/table-schema.js';
import type { SdkCalls } from '../sdk-calls.js';
import { functionsOf } from './functions.js';
import { AGENT, arn, asMap, isList, namesIn, StackValues, textsIn, valuesAt } from './values.js';

const EXISTING = {
  TableName: 'old-chats',
  JwtSecretArn: arn('secretsmanager', 'secret:old-AbCdEf'),
};
const KEY_SET = { JwtJwksUri: 'https://issuer.example/keys', JwtIssuer: 'https://issuer.example', JwtAudience: 'app' };
/** Stacks of each kind: with a new table and secret, with existing ones, and without a secret. */
function stacksOf(template: Template): StackValues[] {
  return [{}, EXISTING, KEY_SET].map((parameters) => new StackValues(template, { ...AGENT, ...parameters }));
}

/**
 * Lists differences between the functions' permissions and the calls in their code. They share one role, so the code of
 * each function needs all permissions.
 */
export function permissionProblems(template: Template, callsOf: (functionName: string) => SdkCalls): string[] {
  const role = asMap(template.Resources['ChatFunctionRole']?.Properties);
  return [
    ...('ManagedPolicyArns' in role ? ['the role has policies beside the one'] : []),
    ...Object.entries(functionsOf(template)).flatMap(([name, { Role, Policies }]) => [
      ...(namesIn(Role).includes('ChatFunctionRole') ? [] : [`${name} has another role`]),
      ...(Policies === undefined ? [] : [`${name} has policies beside those of the role`]),
      ...roleProblems(template, role, callsOf(name)).map((problem) => `${name}: ${problem}`),
    ]),
  ];
}

function roleProblems(template: Template, role: Properties, { actions, readsIndex }: SdkCalls): string[] {
  const problems = [
    ...valuesAt(role, 'Policies.*.PolicyDocument.Statement.*.Resource')
      .flatMap(textsIn)
      .filter((text) => /[*?]/.test(text))
      .map((text) => `wildcard: ${text}`),
    ...['NotAction', 'NotResource', 'Condition'].flatMap((key) =>
      valuesAt(role, `Policies.*.PolicyDocument.Statement.*.${key}`).map(() => `${key} is not understood here`),
    ),
  ];
  for (const [index, stack] of stacksOf(template).entries()) {
    const table = arn('dynamodb', `table/${index === 1 ? EXISTING.TableName : 'ChatTable'}`);
    const secrets = [[arn('secretsmanager', 'secret:JwtSecret-AbCdEf')], [EXISTING.JwtSecretArn], []][index] ?? [];
    const log = arn('logs', 'log-group:ChatLogGroup:*');
    const resources: Readonly<Record<string, readonly string[]>> = {
      dynamodb: readsIndex ? [table, `${table}/index/user_id-updated_at-index`] : [table],
      bedrock: [arn('bedrock', 'agent-alias/AGENT/ALIAS')],
      secretsmanager: secrets,
    };
    const needed = actions.flatMap((action) =>
      (resources[action.split(':')[0] ?? ''] ?? ['?']).map((resource) => `${action} ${resource}`),
    );
    const policies = stack.of(role['Policies']) as Value;
    const allowed = valuesAt(policies, '*.PolicyDocument.Statement.*').flatMap((statement) => {
      const { Action, Resource } = asMap(statement);
      const onWhat = listOf(Resource);
      return listOf(Action).flatMap((action) => onWhat.map((resource) => `${action} ${resource}`));
    });
    problems.push(...differences(allowed, [...needed, `logs:CreateLogStream ${log}`, `logs:PutLogEvents ${log}`]));
  }
  return problems;
}

/** Lists unused parameters and conditions. */
export function unusedProblems({ Parameters, Globals, Conditions, Resources }: Template): string[] {
  const properties = Object.values(Resources).flatMap((resource) => namesIn(asMap(resource.Properties)));
  const inResources = [
    ...namesIn(Globals),
    ...properties,
    ...Object.values(Resources).flatMap(({ Condition }) => Condition ?? []),
  ];
  const conditions = Object.keys(Conditions).filter((name) => !inResources.includes(name));
  const used = [...inResources, ...namesIn(Conditions)];
  return [...conditions, ...Object.keys(Parameters).filter((name) => !used.includes(name))];
}

/** Lists differences from the table that the code creates. */
export function tableProblems(template: Template): string[] {
  const { Properties, DeletionPolicy, UpdateReplacePolicy } = template.Resources['ChatTable'] ?? {};
  const expected = {
    ...buildTableSchema('any'),
    TimeToLiveSpecification: { AttributeName: TIME_TO_LIVE_ATTRIBUTE, Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
  };
  const found = asMap(Properties);
  return [
    ...(DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain' ? [] : ['the table is not retained']),
    ...differences(
      Object.entries(found).map((entry) => JSON.stringify(entry)),
      Object.entries(expected)
        .filter(([name]) => name !== 'TableName')
        .map((entry) => JSON.stringify(entry)),
    ),
  ];
}

export function differences(found: readonly string[], expected: readonly string[]): string[] {
  return [
    ...found.filter((item) => !expected.includes(item)).map((item) => `too many: ${item}`),
    ...expected.filter((item) => !found.includes(item)).map((item) => `missing: ${item}`),
  ];
}

function listOf(value: unknown): string[] {
  return (isList(value as never) ? (value as unknown[]) : [value]).map(String);
}
