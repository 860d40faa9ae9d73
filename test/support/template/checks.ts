import type { Properties, Template, Value } from '../../../scripts/template/template.js';
import { buildTableSchema, CHAT_LIST_INDEX, TIME_TO_LIVE_ATTRIBUTE } from '../../../src/dynamodb/table-schema.js';
import type { AgentKind, SdkCalls } from '../sdk-calls.js';
import { AGENT_STACKS, type AgentStack, CLASSIC, MODELS_OF_PROFILE } from './agent-stacks.js';
import { functionsOf, SWEEP_FUNCTION } from './functions.js';
import { arn, asMap, isList, namesIn, StackValues, textsIn, valuesAt } from './values.js';

const EXISTING = {
  TableName: 'old-chats',
  JwtSecretArn: arn('secretsmanager', 'secret:old-AbCdEf'),
};
/** The parameters for keys of an issuer, instead of a secret. */
export const KEY_SET = {
  JwtJwksUri: 'https://issuer.example/keys',
  JwtIssuer: 'https://issuer.example',
  JwtAudience: 'app',
};

interface Stack {
  readonly parameters: Readonly<Record<string, string>>;
  readonly agent: AgentStack;
  readonly table: string;
  readonly secrets: readonly string[];
}

const OWN = { table: arn('dynamodb', 'table/ChatTable'), secrets: [arn('secretsmanager', 'secret:JwtSecret-AbCdEf')] };
/** Stacks with parts of their own for each agent, with parts that exist already, and without a secret. */
const STACKS: readonly Stack[] = [
  ...AGENT_STACKS.map((agent) => ({ ...OWN, parameters: {}, agent })),
  {
    parameters: EXISTING,
    agent: CLASSIC,
    table: arn('dynamodb', `table/${EXISTING.TableName}`),
    secrets: [EXISTING.JwtSecretArn],
  },
  { ...OWN, parameters: KEY_SET, agent: CLASSIC, secrets: [] },
];
const STATEMENT_KEYS = ['Sid', 'Effect', 'Action', 'Resource', 'Condition'];

type CallsOf = (functionName: string, agent: AgentKind) => SdkCalls;

/**
 * Lists differences between the functions' permissions and the calls in their code. Those behind the API share one role, so
 * the code of each of them needs all permissions.
 */
export function permissionProblems(template: Template, callsOf: CallsOf): string[] {
  return Object.entries(functionsOf(template)).flatMap(([name, { Role, Policies }]) => {
    const roleName = name === SWEEP_FUNCTION ? 'SweepFunctionRole' : 'ChatFunctionRole';
    const role = asMap(template.Resources[roleName]?.Properties);
    return [
      ...('ManagedPolicyArns' in role ? ['the role has policies beside the one'] : []),
      ...textsIn(role['Policies'])
        .filter((text) => /[*?]/.test(text) && text !== MODELS_OF_PROFILE)
        .map((text) => `wildcard: ${text}`),
      ...(namesIn(Role).includes(roleName) ? [] : ['it has another role']),
      ...(Policies === undefined ? [] : ['it has policies beside those of the role']),
      ...STACKS.flatMap((stack) => roleProblems(template, role, stack, callsOf(name, stack.agent.kind))),
    ].map((problem) => `${name}: ${problem}`);
  });
}

function roleProblems(
  template: Template,
  role: Properties,
  { parameters, agent, table, secrets }: Stack,
  { actions, readsIndex }: SdkCalls,
): string[] {
  const stack = new StackValues(template, { ...agent.parameters, ...parameters });
  const log = arn('logs', 'log-group:ChatLogGroup:*');
  const resources: Readonly<Record<string, readonly string[]>> = {
    dynamodb: [table],
    'dynamodb:Query': readsIndex ? [table, `${table}/index/${CHAT_LIST_INDEX}`] : [table],
    secretsmanager: secrets,
    ...agent.resources,
  };
  const needed = actions.flatMap((action) =>
    (resources[action] ?? resources[action.split(':')[0] ?? ''] ?? ['?']).map((resource) => `${action} ${resource}`),
  );
  const statements = valuesAt(stack.of(role['Policies']) as Value, '*.PolicyDocument.Statement.*').map(asMap);
  const allowed = statements.flatMap(({ Action, Resource, Condition }) => {
    const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
    return listOf(Action).flatMap((action) => listOf(Resource).map((resource) => `${action} ${resource}${condition}`));
  });
  return [
    ...statements.flatMap((statement) => [
      ...(statement['Effect'] === 'Allow' ? [] : ['a statement does not allow']),
      ...Object.keys(statement).flatMap((key) =>
        STATEMENT_KEYS.includes(key) ? [] : [`${key} is not understood here`],
      ),
    ]),
    ...differences(allowed, [...needed, `logs:CreateLogStream ${log}`, `logs:PutLogEvents ${log}`]),
  ].map((problem) => `${JSON.stringify({ ...agent.parameters, ...parameters })}: ${problem}`);
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
