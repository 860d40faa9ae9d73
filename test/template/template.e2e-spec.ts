import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findHandler, buildRestEvent } from '../../scripts/lambda/events.js';
import { RUNTIME_NODE } from '../../scripts/lambda/node-binary.js';
import { PACKAGES } from '../../scripts/lambda/package.js';
import { parseTemplate, type Template } from '../../scripts/template/template.js';
import { routesOf } from '../support/app-routes.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { type AgentKind, sdkCallsFrom } from '../support/sdk-calls.js';
import { agentProblems, agentValueProblems } from '../support/template/agents.js';
import { permissionProblems, tableProblems, unusedProblems } from '../support/template/checks.js';
import { deploymentProblems } from '../support/template/deployment.js';
import { enumProblems } from '../support/template/enums.js';
import {
  algorithmProblems,
  originProblems,
  secretProblems,
  valueProblems,
  variableProblems,
} from '../support/template/environment.js';
import { functionsOf, requestFunctionsOf, variablesOf } from '../support/template/functions.js';
import { gatewayProblems, routeProblems } from '../support/template/gateway.js';
import { TEMPLATE_MUTATIONS } from '../support/template/mutations.js';
import { issuerProblems } from '../support/template/issuers.js';
import { parseInParts } from '../support/template/parts.js';
import { streamProblems, timeoutProblems } from '../support/template/streams.js';
import { sweepProblems } from '../support/template/sweep.js';
import { asMap, valuesAt } from '../support/template/values.js';

const TEXT = readFileSync('template.yaml', 'utf8');
const TEMPLATE = parseTemplate(TEXT);

let app: ChatApp;
let routes: string[];

beforeAll(async () => {
  app = await startChatApp();
  routes = routesOf(app);
});
afterAll(() => app.close());

/** Checks beyond cfn-lint and the transform. Each one lists its problems in words. */
const CHECKS: Readonly<Record<string, (template: Template) => string[]>> = {
  permissions: (template) =>
    permissionProblems(template, (name, agent) => sdkCallsFrom(`src/${moduleOf(template, name)}.ts`, agent)),
  'exactly one agent': agentProblems,
  'values of agents': agentValueProblems,
  'words of the services': enumProblems,
  'unused parameters': unusedProblems,
  'names of variables': variableProblems,
  'values of variables': valueProblems,
  origins: originProblems,
  algorithms: algorithmProblems,
  'keys of issuers': issuerProblems,
  'plain secrets': secretProblems,
  table: tableProblems,
  routes: (template) => routeProblems(template, routes),
  timeouts: timeoutProblems,
  streams: streamProblems,
  sweep: sweepProblems,
  'responses of the gateway': gatewayProblems,
  package: packageProblems,
  deployment: deploymentProblems,
};

/** The module whose `handler` a function runs. */
function moduleOf(template: Template, functionName: string): string {
  return String(functionsOf(template)[functionName]?.['Handler']).split('.')[0] ?? '';
}

/** Compares what the template runs with what the build writes. */
function packageProblems(template: Template): string[] {
  const loader = readFileSync('scripts/lambda/loader.mjs', 'utf8');
  return Object.entries(functionsOf(template)).flatMap(([functionName, { Handler, CodeUri, Runtime }]) => {
    const file = `${moduleOf(template, functionName)}.mjs`;
    const name = String(Handler).split('.')[1];
    const entries = PACKAGES[String(CodeUri).replace(/\/$/, '')] ?? [];
    return [
      ...(entries.includes(file) ? [] : [`the build makes no ${file} in ${String(CodeUri)}`]),
      ...(loader.includes(`export const { ${name} }`) ? [] : [`the build exports no ${name}`]),
      ...(Runtime === `nodejs${RUNTIME_NODE}.x` ? [] : ['the build is for another Node']),
    ];
  });
}

describe('template.yaml', () => {
  it.each(Object.keys(CHECKS))('%s', (name) => {
    expect(CHECKS[name]!(TEMPLATE)).toEqual([]);
  });

  it('is compared with the routes of the router and the calls of the code', () => {
    expect(routes).toEqual(expect.arrayContaining(['POST /chat', 'POST /chat/stream', 'GET /chats/{id}']));
    expect(sdkCallsFrom('src/lambda.ts', 'bedrock-agent').actions).toEqual(
      expect.arrayContaining(['bedrock:InvokeAgent', 'dynamodb:UpdateItem', 'secretsmanager:GetSecretValue']),
    );
  });

  it.each<[AgentKind, string[]]>([
    ['bedrock-agent', ['bedrock:InvokeAgent']],
    [
      'harness',
      [
        'bedrock-agentcore:InvokeAgentRuntime',
        'bedrock-agentcore:InvokeHarness',
        'bedrock-agentcore:StopRuntimeSession',
      ],
    ],
    ['converse', ['bedrock:ApplyGuardrail', 'bedrock:InvokeModelWithResponseStream']],
  ])('finds the calls of %s in the code, and no calls of another agent', (agent, actions) => {
    const found = sdkCallsFrom('src/lambda.ts', agent).actions;
    expect(found.filter((action) => action.startsWith('bedrock'))).toEqual(actions);
  });

  it('sends each route to the same handler as npm run lambda', () => {
    const given = Object.values(requestFunctionsOf(TEMPLATE)).flatMap((properties) =>
      valuesAt(properties, 'Events.*.Properties').map((event) => {
        const { Method, Path } = asMap(event);
        const request = { method: String(Method), url: String(Path), rawHeaders: [], body: Buffer.alloc(0) };
        return [
          `${String(Method)} ${String(Path)}`,
          properties['Handler'],
          findHandler(JSON.stringify(buildRestEvent(request))),
        ];
      }),
    );
    expect(given.filter(([, handler, local]) => handler !== local)).toEqual([]);
    expect(given).toContainEqual(['POST /chat/stream', 'lambda-stream.handler', 'lambda-stream.handler']);
  });

  it('has the variables of env.json, which sam local sets, in all functions', () => {
    const local = JSON.parse(readFileSync('env.json', 'utf8')) as Record<string, object>;
    expect(Object.keys(local)).toEqual(['Parameters']);
    const functions = functionsOf(TEMPLATE);
    expect(Object.keys(functions)).toEqual(['ChatFunction', 'ChatStreamFunction', 'SweepFunction']);
    for (const properties of Object.values(functions)) {
      expect(Object.keys(variablesOf(properties))).toEqual(expect.arrayContaining(Object.keys(local['Parameters']!)));
    }
  });
});

describe('a copy of template.yaml with', () => {
  it.each(TEMPLATE_MUTATIONS)('%s fails: %s', (_what, check, from, to) => {
    expect(CHECKS).toHaveProperty([check]);
    expect(TEXT).toContain(from);
    const template = parseInParts(TEXT.replace(from, () => to));
    expect(problems(check, template)).not.toEqual([]);
  });

  it('no change has the same value, although its parts are parsed alone', () => {
    expect(parseInParts(TEXT)).toEqual(TEMPLATE);
  });

  /** A check may also throw. */
  function problems(check: string, template: Template): string[] {
    try {
      return CHECKS[check]!(template);
    } catch (error) {
      return [String(error)];
    }
  }
});
