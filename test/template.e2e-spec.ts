import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RUNTIME_NODE } from '../scripts/lambda/node-binary.js';
import { parseTemplate, type Template } from '../scripts/template/template.js';
import { routesOf } from './support/app-routes.js';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import { sdkCallsFrom } from './support/sdk-calls.js';
import {
  gatewayProblems,
  permissionProblems,
  routeProblems,
  tableProblems,
  timeoutProblems,
  unusedProblems,
} from './support/template-checks.js';
import { enumProblems } from './support/template-enums.js';
import { secretProblems, valueProblems, variableProblems } from './support/template-environment.js';
import { asMap } from './support/template-values.js';

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
  permissions: (template) => permissionProblems(template, sdkCallsFrom('src/lambda.ts')),
  'words of the services': enumProblems,
  'unused parameters': unusedProblems,
  'names of variables': variableProblems,
  'values of variables': valueProblems,
  'plain secrets': secretProblems,
  table: tableProblems,
  // Left out: the function answers in one piece, so that streams are served by the server only.
  routes: (template) =>
    routeProblems(
      template,
      routes.filter((route) => route !== 'POST /chat/stream'),
    ),
  timeouts: timeoutProblems,
  'answers of the gateway': gatewayProblems,
  package: packageProblems,
};

/** Whether what the template runs is what the build makes. */
function packageProblems(template: Template): string[] {
  const { Handler = '', CodeUri = '', Runtime = '' } = asMap(template.Resources['ChatFunction']?.Properties);
  const [module, name] = String(Handler).split('.');
  const script = readFileSync('scripts/build-lambda.ts', 'utf8');
  const loader = readFileSync('scripts/lambda/loader.mjs', 'utf8');
  const isBuilt = existsSync(String(CodeUri));
  return [
    ...(script.includes(`'${module}.mjs'`) ? [] : [`the build makes no ${module}.mjs`]),
    ...(loader.includes(`export const { ${name} }`) ? [] : [`the build exports no ${name}`]),
    ...(script.includes(`'${String(CodeUri).replace(/\/$/, '')}'`) ? [] : [`the build does not write ${CodeUri}`]),
    ...(Runtime === `nodejs${RUNTIME_NODE}.x` ? [] : ['the build is for another Node']),
    ...(isBuilt && !existsSync(join(String(CodeUri), `${module}.mjs`)) ? [`there is no ${module}.mjs`] : []),
  ];
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

  it('has a variable in env.json only where it has one in the function', () => {
    const local = JSON.parse(readFileSync('env.json', 'utf8')) as Record<string, object>;
    const { Variables } = asMap(TEMPLATE.Resources['ChatFunction']?.Properties['Environment']);
    expect(Object.keys(local)).toEqual(['ChatFunction']);
    expect(Object.keys(asMap(Variables))).toEqual(expect.arrayContaining(Object.keys(local['ChatFunction']!)));
  });
});

describe('a copy of template.yaml with', () => {
  const VARIABLES = '        Variables:\n';
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
    ['a misspelt endpoint', 'words of the services', 'Type: REGIONAL', 'Type: REGION'],
    ['a misspelt gateway response', 'words of the services', 'THROTTLED:', 'THROTTLE:'],
    ['a misspelt runtime', 'words of the services', 'nodejs24.x', 'node24.x'],
    ['a misspelt architecture', 'words of the services', '[x86_64, arm64]', '[x86, arm64]'],
    ['a misspelt policy of deletion', 'words of the services', 'DeletionPolicy: Retain', 'DeletionPolicy: Retained'],
    ['a retention that does not exist', 'words of the services', '[1, 3, 5, 7,', '[1, 3, 5, 8,'],
    ['a missing variable', 'names of variables', '          LOG_LEVEL: !Ref LogLevel\n', ''],
    ['a variable that nobody reads', 'names of variables', VARIABLES, `${VARIABLES}          LOG_LEVLE: log\n`],
    ['a default of its own', 'values of variables', 'Default: 32000', 'Default: 16000'],
    ['a time-out of its own', 'values of variables', 'Default: 25000', 'Default: 20000'],
    ['a value that the service refuses', 'values of variables', '[HS256, HS384, HS512]', '[HS256, RS256]'],
    ['a limit that the service refuses', 'values of variables', 'MaxValue: 100000', 'MaxValue: 200000'],
    ['no check of signatures', 'values of variables', "JWT_VERIFY_SIGNATURE: 'true'", "JWT_VERIFY_SIGNATURE: 'false'"],
    ['an unused parameter', 'unused parameters', 'Parameters:\n', 'Parameters:\n  Spare:\n    Type: String\n'],
    ['a parameter that has lost its use', 'unused parameters', 'MemorySize: !Ref MemorySize', 'MemorySize: 1024'],
    ['an unused condition', 'unused parameters', 'Conditions:\n', "Conditions:\n  Spare: !Equals ['', '']\n"],
    ['a plain secret', 'plain secrets', VARIABLES, `${VARIABLES}          JWT_SECRET_KEY: k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3\n`],
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
    ['a gateway that quotes the request', 'answers of the gateway', '"Bad request"', '$context.error.messageString'],
    ['no Retry-After', 'answers of the gateway', 'retry-after: "\'1\'"', 'x-nothing: "\'1\'"'],
    ['403 for a route that is not there', 'answers of the gateway', 'StatusCode: 404', 'StatusCode: 403'],
    ['a header that browsers may not send', 'answers of the gateway', "'id_token,authorization,", "'authorization,"],
    ['every origin', 'answers of the gateway', '!Sub "\'${AllowedOrigin}\'"', '"\'*\'"'],
    ['a handler that is not built', 'package', 'Handler: lambda.handler', 'Handler: index.handler'],
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
