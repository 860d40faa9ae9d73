import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handlerFor, restEvent } from '../scripts/lambda/events.js';
import { RUNTIME_NODE } from '../scripts/lambda/node-binary.js';
import { parseTemplate, type Template } from '../scripts/template/template.js';
import { routesOf } from './support/app-routes.js';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import { sdkCallsFrom } from './support/sdk-calls.js';
import { permissionProblems, tableProblems, unusedProblems } from './support/template-checks.js';
import { enumProblems } from './support/template-enums.js';
import { originProblems, secretProblems, valueProblems, variableProblems } from './support/template-environment.js';
import { functionsOf, variablesOf } from './support/template-functions.js';
import { gatewayProblems, routeProblems } from './support/template-gateway.js';
import { streamProblems, timeoutProblems } from './support/template-streams.js';
import { asMap, valuesAt } from './support/template-values.js';

const TEXT = readFileSync('template.yaml', 'utf8');
const TEMPLATE = parseTemplate(TEXT);

let app: ChatApp;
let routes: string[];

beforeAll(async () => {
  app = await startChatApp();
  routes = routesOf(app);
});
afterAll(() => app.close());

/** What cfn-lint and the transform do not see. Each check gives what is wrong, in words. */
const CHECKS: Readonly<Record<string, (template: Template) => string[]>> = {
  permissions: (template) => permissionProblems(template, (name) => sdkCallsFrom(`src/${moduleOf(template, name)}.ts`)),
  'words of the services': enumProblems,
  'unused parameters': unusedProblems,
  'names of variables': variableProblems,
  'values of variables': valueProblems,
  origins: originProblems,
  'plain secrets': secretProblems,
  table: tableProblems,
  routes: (template) => routeProblems(template, routes),
  timeouts: timeoutProblems,
  streams: streamProblems,
  'answers of the gateway': gatewayProblems,
  package: packageProblems,
};

/** The module whose `handler` a function runs. */
function moduleOf(template: Template, functionName: string): string {
  return String(functionsOf(template)[functionName]?.['Handler']).split('.')[0] ?? '';
}

/** Whether what the template runs is what the build makes. */
function packageProblems(template: Template): string[] {
  const script = readFileSync('scripts/build-lambda.ts', 'utf8');
  const loader = readFileSync('scripts/lambda/loader.mjs', 'utf8');
  return Object.entries(functionsOf(template)).flatMap(([functionName, { Handler, CodeUri, Runtime }]) => {
    const module = moduleOf(template, functionName);
    const name = String(Handler).split('.')[1];
    const isBuilt = existsSync(String(CodeUri));
    return [
      ...(script.includes(`'${module}.mjs'`) ? [] : [`the build makes no ${module}.mjs`]),
      ...(loader.includes(`export const { ${name} }`) ? [] : [`the build exports no ${name}`]),
      ...(script.includes(`'${String(CodeUri).replace(/\/$/, '')}'`) ? [] : [`the build does not write ${CodeUri}`]),
      ...(Runtime === `nodejs${RUNTIME_NODE}.x` ? [] : ['the build is for another Node']),
      ...(isBuilt && !existsSync(join(String(CodeUri), `${module}.mjs`)) ? [`there is no ${module}.mjs`] : []),
    ];
  });
}

describe('template.yaml', () => {
  it.each(Object.keys(CHECKS))('%s', (name) => {
    expect(CHECKS[name]!(TEMPLATE)).toEqual([]);
  });

  it('asks the router for the routes, and the code for its calls', () => {
    expect(routes).toEqual(expect.arrayContaining(['POST /chat', 'POST /chat/stream', 'GET /chats/{id}']));
    expect(sdkCallsFrom('src/lambda.ts').actions).toEqual(
      expect.arrayContaining(['bedrock:InvokeAgent', 'dynamodb:UpdateItem', 'secretsmanager:GetSecretValue']),
    );
  });

  it('gives each route to the handler that npm run lambda gives it to', () => {
    const given = Object.values(functionsOf(TEMPLATE)).flatMap((properties) =>
      valuesAt(properties, 'Events.*.Properties').map((event) => {
        const { Method, Path } = asMap(event);
        const request = { method: String(Method), url: String(Path), rawHeaders: [], body: Buffer.alloc(0) };
        return [
          `${String(Method)} ${String(Path)}`,
          properties['Handler'],
          handlerFor(JSON.stringify(restEvent(request))),
        ];
      }),
    );
    expect(given.filter(([, handler, local]) => handler !== local)).toEqual([]);
    expect(given).toContainEqual(['POST /chat/stream', 'lambda-stream.handler', 'lambda-stream.handler']);
  });

  it('has the variables of env.json, which sam local gives to all functions, in both', () => {
    const local = JSON.parse(readFileSync('env.json', 'utf8')) as Record<string, object>;
    expect(Object.keys(local)).toEqual(['Parameters']);
    const functions = functionsOf(TEMPLATE);
    expect(Object.keys(functions)).toEqual(['ChatFunction', 'ChatStreamFunction']);
    for (const properties of Object.values(functions)) {
      expect(Object.keys(variablesOf(properties))).toEqual(expect.arrayContaining(Object.keys(local['Parameters']!)));
    }
  });
});

describe('a copy of template.yaml with', () => {
  const VARIABLES = '      Variables:\n';
  const STREAMED = '            ResponseTransferMode: RESPONSE_STREAM\n';
  const mutations: [what: string, check: string, from: string, to: string][] = [
    ['a wildcard resource', 'permissions', 'Resource: !GetAtt ChatLogGroup.Arn', "Resource: '*'"],
    ['a wildcard in a resource', 'permissions', '/${AgentId}/${AgentAliasId}', '/${AgentId}/*'],
    ['all indexes of the table', 'permissions', ':table/${TableName}', ':table/${TableName}/index/*'],
    ['a table action too many', 'permissions', 'dynamodb:BatchWriteItem]', 'dynamodb:BatchWriteItem, dynamodb:Scan]'],
    ['every table action', 'permissions', 'dynamodb:BatchWriteItem]', "'dynamodb:*']"],
    ['a table action too few', 'permissions', ', dynamodb:BatchWriteItem]', ']'],
    ['a misspelt action', 'permissions', 'bedrock:InvokeAgent', 'bedrock:InvokeAgents'],
    ['any agent of the account', 'permissions', 'agent-alias/${AgentId}/${AgentAliasId}', 'agent-alias/*'],
    ['a managed policy', 'permissions', '      Policies:', '      ManagedPolicyArns: [arn]\n      Policies:'],
    ['a policy of SAM', 'permissions', 'Role: !GetAtt ChatFunctionRole.Arn', 'Policies: [AmazonDynamoDBFullAccess]'],
    ['a misspelt billing mode', 'words of the services', 'PAY_PER_REQUEST', 'PAY_PER_REQUESTS'],
    ['a misspelt key type', 'words of the services', 'KeyType: RANGE', 'KeyType: RANG'],
    ['a misspelt attribute type', 'words of the services', 'AttributeType: S', 'AttributeType: String'],
    ['a misspelt projection', 'words of the services', 'ProjectionType: INCLUDE', 'ProjectionType: INCLUDES'],
    ['a misspelt transfer mode', 'words of the services', 'Mode: RESPONSE_STREAM', 'Mode: RESPONSE_STREAMS'],
    [
      'a misspelt mode of the Function URL',
      'words of the services',
      'InvokeMode: RESPONSE_STREAM',
      'InvokeMode: STREAM',
    ],
    ['a misspelt endpoint', 'words of the services', 'Type: REGIONAL', 'Type: REGION'],
    ['a misspelt gateway response', 'words of the services', 'THROTTLED:', 'THROTTLE:'],
    ['a misspelt runtime', 'words of the services', 'nodejs24.x', 'node24.x'],
    ['a misspelt architecture', 'words of the services', '[x86_64, arm64]', '[x86, arm64]'],
    ['a misspelt policy of deletion', 'words of the services', 'DeletionPolicy: Retain', 'DeletionPolicy: Retained'],
    ['a retention that does not exist', 'words of the services', '[1, 3, 5, 7,', '[1, 3, 5, 8,'],
    ['a missing variable', 'names of variables', '        LOG_LEVEL: !Ref LogLevel\n', ''],
    ['a variable that one function lacks', 'names of variables', '{ AGENT_TIMEOUT_MS: !Ref StreamTimeoutMs }', '{}'],
    ['a variable that nobody reads', 'names of variables', VARIABLES, `${VARIABLES}        LOG_LEVLE: log\n`],
    ['a default of its own', 'values of variables', 'Default: 32000', 'Default: 16000'],
    ['a time-out of its own', 'values of variables', 'Default: 25000', 'Default: 20000'],
    ['a time-out of its own for streams', 'values of variables', 'Default: 290000', 'Default: 25000'],
    ['every origin', 'origins', 'AllowedPattern: ^(https?:', 'AllowedPattern: ^([*]|https?:'],
    ['one origin only', 'origins', '(,https?:', '(;https?:'],
    ['no origin', 'origins', 'CORS_ORIGINS: !Ref AllowedOrigins', "CORS_ORIGINS: '*'"],
    ['a value that the service refuses', 'values of variables', '[HS256, HS384, HS512]', '[HS256, RS256]'],
    ['a limit that the service refuses', 'values of variables', 'MaxValue: 100000', 'MaxValue: 200000'],
    ['no check of signatures', 'values of variables', "JWT_VERIFY_SIGNATURE: 'true'", "JWT_VERIFY_SIGNATURE: 'false'"],
    ['an unused parameter', 'unused parameters', 'Parameters:\n', 'Parameters:\n  Spare:\n    Type: String\n'],
    ['a parameter that has lost its use', 'unused parameters', 'MemorySize: !Ref MemorySize', 'MemorySize: 1024'],
    ['an unused condition', 'unused parameters', 'Conditions:\n', "Conditions:\n  Spare: !Equals ['', '']\n"],
    ['a plain secret', 'plain secrets', VARIABLES, `${VARIABLES}        JWT_SECRET_KEY: k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3\n`],
    ['a secret as a parameter', 'plain secrets', 'Parameters:\n', 'Parameters:\n  JwtSecret:\n    Type: String\n'],
    [
      'a secret resolved into the open',
      'plain secrets',
      'JWT_ISSUER: !Ref JwtIssuer',
      "JWT_ISSUER: '{{resolve:secretsmanager:jwt}}'",
    ],
    ['a secret with its text', 'plain secrets', 'GenerateSecretString: {', 'SecretString: text # {'],
    ['a table that goes with the stack', 'table', 'DeletionPolicy: Retain', 'DeletionPolicy: Delete'],
    ['another projection', 'table', '[title, created_at, deleted_at, expires_at]', '[title, created_at]'],
    ['no recovery', 'table', 'PointInTimeRecoveryEnabled: true', 'PointInTimeRecoveryEnabled: false'],
    ['expiry by another attribute', 'table', 'AttributeName: expires_at', 'AttributeName: ttl'],
    ['a route that the app has not', 'routes', 'Path: /chat }', 'Path: /chats }'],
    ['a route under another method', 'routes', 'Method: GET', 'Method: PUT'],
    ['a turn longer than the gateway waits', 'timeouts', 'MaxValue: 25000', 'MaxValue: 29000'],
    ['a function longer than the gateway waits', 'timeouts', 'Timeout: 29', 'Timeout: 60'],
    ['a stream longer than its function', 'timeouts', 'Timeout: 900', 'Timeout: 300'],
    ['a function longer than there is', 'timeouts', 'Timeout: 900', 'Timeout: 901'],
    ['no time for a slow reader', 'timeouts', 'MaxValue: 840000', 'MaxValue: 890000'],
    ['a gateway that waits 29 s for streams', 'timeouts', '            TimeoutInMillis: 900000\n', ''],
    ['a gateway that waits less than the function', 'timeouts', 'TimeoutInMillis: 900000', 'TimeoutInMillis: 300000'],
    ['streams in one piece', 'streams', STREAMED, ''],
    [
      'streams of the function that has none',
      'streams',
      'Path: /chat }',
      'Path: /chat, ResponseTransferMode: RESPONSE_STREAM }',
    ],
    ['a Function URL that does not stream', 'streams', 'InvokeMode: RESPONSE_STREAM', 'InvokeMode: BUFFERED'],
    ['a Function URL that asks for a signature', 'streams', 'AuthType: NONE', 'AuthType: AWS_IAM'],
    [
      'a Function URL of the other function',
      'streams',
      'TargetFunctionArn: !Ref ChatStreamFunction',
      'TargetFunctionArn: !Ref ChatFunction',
    ],
    [
      'a Function URL that answers preflights too',
      'streams',
      'AuthType: NONE',
      "AuthType: NONE\n      Cors: { AllowOrigins: ['*'] }",
    ],
    [
      'a Function URL that nobody asked for',
      'streams',
      '    Type: AWS::Lambda::Url\n    Condition: StreamsByUrl',
      '    Type: AWS::Lambda::Url',
    ],
    ['a permission too few', 'streams', 'InvokedViaFunctionUrl: true', 'InvokedViaFunctionUrl: false'],
    ['a way past the Function URL', 'streams', '      InvokedViaFunctionUrl: true\n', ''],
    ['an address that has no route', 'streams', '${StageName}/chat/stream', '${StageName}/stream'],
    ['a gateway that quotes the request', 'answers of the gateway', '"Bad request"', '$context.error.messageString'],
    ['a throttle of one route', 'answers of the gateway', 'ResourcePath: /*', 'ResourcePath: /chat'],
    ['no Retry-After', 'answers of the gateway', 'retry-after: "\'1\'"', 'x-nothing: "\'1\'"'],
    ['403 for a route that is not there', 'answers of the gateway', 'StatusCode: 404', 'StatusCode: 403'],
    [
      'preflights that the gateway answers',
      'answers of the gateway',
      '      GatewayResponses:',
      '      Cors: "\'*\'"\n      GatewayResponses:',
    ],
    ['errors that no page may read', 'answers of the gateway', '"\'*\'"', '!Ref AWS::NoValue'],
    [
      'errors that every page may read',
      'answers of the gateway',
      '!If [AllowsOrigins, "\'*\'", !Ref AWS::NoValue]',
      '"\'*\'"',
    ],
    [
      'preflights of one route left out',
      'routes',
      "Method: OPTIONS, Path: '/chats/{id}/messages'",
      "Method: PUT, Path: '/chats/{id}/messages'",
    ],
    ['a stream without preflights', 'routes', '            Method: OPTIONS\n', ''],
    ['a handler that is not built', 'package', 'Handler: lambda.handler', 'Handler: index.handler'],
    ['a handler that does not stream', 'package', 'lambda-stream.handler', 'stream.handler'],
    ['a handler that is not exported', 'package', 'Handler: lambda.handler', 'Handler: lambda.handle'],
    ['another folder', 'package', 'CodeUri: build/lambda/', 'CodeUri: dist/'],
    ['a runtime that the build is not for', 'package', 'nodejs24.x', 'nodejs22.x'],
  ];

  it.each(mutations)('%s fails: %s', (_what, check, from, to) => {
    expect(TEXT).toContain(from);
    const template = parseTemplate(TEXT.replace(from, () => to));
    expect(problems(check, template)).not.toEqual([]);
  });

  /** A check may also give up on what it meets. */
  function problems(check: string, template: Template): string[] {
    try {
      return CHECKS[check]!(template);
    } catch (error) {
      return [String(error)];
    }
  }
});
