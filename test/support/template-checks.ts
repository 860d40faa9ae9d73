import type { Template, Value } from '../../scripts/template/template.js';
import { chatTableSchema, TIME_TO_LIVE_ATTRIBUTE } from '../../src/chat/chat-table.js';
import type { SdkCalls } from './sdk-calls.js';
import { AGENT, arn, asMap, isList, namesIn, StackValues, textsIn, valuesAt } from './template-values.js';

/** API Gateway waits no longer, in seconds. */
const GATEWAY_TIMEOUT_SECONDS = 29;
/** What the app keeps of the function's timeout for storing the turn and answering, in milliseconds. */
const ANSWERING_MILLISECONDS = 3_000;
const EXISTING = {
  TableName: 'old-chats',
  JwtSecretArn: arn('secretsmanager', 'secret:old-AbCdEf'),
};
const KEY_SET = { JwtJwksUri: 'https://issuer.example/keys', JwtIssuer: 'https://issuer.example', JwtAudience: 'app' };
const ANSWERS: Readonly<Record<string, readonly [status: number | undefined, error: string]>> = {
  DEFAULT_4XX: [undefined, 'Bad request'],
  MISSING_AUTHENTICATION_TOKEN: [404, 'Not found'],
  INVALID_SIGNATURE: [404, 'Not found'],
  EXPIRED_TOKEN: [404, 'Not found'],
  RESOURCE_NOT_FOUND: [404, 'Not found'],
  REQUEST_TOO_LARGE: [413, 'Request body is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Content-Type must be application/json'],
  THROTTLED: [429, 'Too many requests'],
  DEFAULT_5XX: [500, 'Internal server error'],
  INTEGRATION_FAILURE: [500, 'Internal server error'],
  INTEGRATION_TIMEOUT: [504, 'The agent took too long'],
};

/** Stacks of each kind: with a table and a secret of their own, with those that are there already, without a secret. */
function stacksOf(template: Template): StackValues[] {
  return [{}, EXISTING, KEY_SET].map((parameters) => new StackValues(template, { ...AGENT, ...parameters }));
}

/** What the function may do, where it differs from what its code does. */
export function permissionProblems(template: Template, { actions, readsIndex }: SdkCalls): string[] {
  const role = asMap(template.Resources['ChatFunctionRole']?.Properties);
  const { Role, ...others } = asMap(template.Resources['ChatFunction']?.Properties);
  const problems = [
    ...(namesIn(Role).includes('ChatFunctionRole') ? [] : ['the function has another role']),
    ...('Policies' in others || 'ManagedPolicyArns' in role ? ['there are policies beside the one'] : []),
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

/** Parameters and conditions that nothing depends on. */
export function unusedProblems({ Parameters, Conditions, Resources }: Template): string[] {
  const properties = Object.values(Resources).flatMap((resource) => namesIn(asMap(resource.Properties)));
  const inResources = [...properties, ...Object.values(Resources).flatMap(({ Condition }) => Condition ?? [])];
  const conditions = Object.keys(Conditions).filter((name) => !inResources.includes(name));
  const used = [...inResources, ...namesIn(Conditions)];
  return [...conditions, ...Object.keys(Parameters).filter((name) => !used.includes(name))];
}

/** Where the table is another than the one that the code makes. */
export function tableProblems(template: Template): string[] {
  const { Properties, DeletionPolicy, UpdateReplacePolicy } = template.Resources['ChatTable'] ?? {};
  const expected = {
    ...chatTableSchema('any'),
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

/** Routes that the API has and the app has not, and the reverse. */
export function routeProblems(template: Template, routes: readonly string[]): string[] {
  const events = valuesAt(template.Resources['ChatFunction']?.Properties, 'Events.*.Properties').map(asMap);
  return differences(
    events.map(({ Method, Path }) => `${String(Method)} ${String(Path)}`),
    routes,
  );
}

/** Whether our own 504 comes before the gateway's and the function's end. */
export function timeoutProblems({ Parameters, Resources }: Template): string[] {
  const timeout = Number(Resources['ChatFunction']?.Properties['Timeout']);
  const longestTurn = Parameters['AgentTimeoutMs']?.MaxValue ?? Infinity;
  return [
    ...(timeout <= GATEWAY_TIMEOUT_SECONDS ? [] : ['the function outlives the request']),
    ...(longestTurn + ANSWERING_MILLISECONDS <= timeout * 1000 ? [] : ['a turn may outlive the function']),
  ];
}

/** What API Gateway answers by itself, where it is not as the contract has it. */
export function gatewayProblems(template: Template): string[] {
  const api = asMap(template.Resources['ChatApi']?.Properties);
  const open = new StackValues(template, { ...AGENT, AllowedOrigin: 'https://app.example.com' });
  const headers = {
    'x-request-id': 'context.requestId',
    'cache-control': "'no-store'",
    'x-content-type-options': "'nosniff'",
  };
  const cors = {
    'access-control-allow-origin': "'https://app.example.com'",
    'access-control-expose-headers': "'x-request-id,idempotency-replayed,retry-after'",
  };
  const answers = Object.entries(ANSWERS).map(([type, [status, error]]) => {
    const message = `${status === 504 ? 'Try again' : 'Report this'}; request id $context.requestId`;
    const retry = status === 429 ? { 'retry-after': "'1'" } : {};
    return [type, status, { ...retry, ...headers }, (status ?? 0) < 500 ? { error } : { error, message }] as const;
  });
  const given = (stack: StackValues) =>
    Object.entries(asMap(api['GatewayResponses'])).map(([type, response]) => {
      const { StatusCode, ResponseParameters, ResponseTemplates } = asMap(response);
      const body = String(stack.of(asMap(ResponseTemplates)['application/json']));
      return JSON.stringify([type, StatusCode, stack.of(asMap(ResponseParameters)['Headers']), JSON.parse(body)]);
    });
  return [
    ...differences(
      given(new StackValues(template)),
      answers.map((answer) => JSON.stringify(answer)),
    ),
    ...differences(
      given(open),
      answers.map(([type, status, own, body]) => JSON.stringify([type, status, { ...own, ...cors }, body])),
    ),
    ...differences(Object.entries(asMap(open.of(api['Cors']) as never)).map(String), [
      "AllowOrigin,'https://app.example.com'",
      "AllowMethods,'GET,POST,DELETE,OPTIONS'",
      "AllowHeaders,'id_token,authorization,content-type,idempotency-key,x-request-id'",
      "MaxAge,'600'",
    ]),
    ...differences(Object.keys(asMap(new StackValues(template).of(api['Cors']) as never)), []),
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
