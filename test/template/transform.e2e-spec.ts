import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseTemplate, type Properties, type Template } from '../../scripts/template/template.js';
import { hasTransform, transformTemplates, type TransformedTemplate } from '../../scripts/template/transform.js';
import { asMap, namesIn, valuesAt } from '../support/template/values.js';

const TEXT = readFileSync('template.yaml', 'utf8');
/** The transform is Python: `pip install aws-sam-translator`. */
const isThere = hasTransform();
const describeWithTransform = isThere ? describe : describe.skip;

/** Returns the integration of each route of the API, as CloudFormation gets it. */
function integrationsOf({ Resources }: TransformedTemplate): Record<string, Properties> {
  const paths = asMap(asMap(Resources['ChatApi']?.Properties['Body'])['paths']);
  return Object.fromEntries(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(asMap(methods)).map(([method, operation]) => {
        const integration = asMap(asMap(operation)['x-amazon-apigateway-integration']);
        return [`${method.toUpperCase()} ${path}`, integration];
      }),
    ),
  );
}

const BUFFERED = /:lambda:path\/2015-03-31\/functions\/\$\{ChatFunction\.Arn\}\/invocations$/;
const STREAMED = /:lambda:path\/2021-11-15\/functions\/\$\{ChatStreamFunction\.Arn\}\/response-streaming-invocations$/;

/** Lists routes that do not reach their function in the right way. */
function integrationProblems(result: TransformedTemplate): string[] {
  return Object.entries(integrationsOf(result)).flatMap(([route, integration]) => {
    const { type = 'none', uri, responseTransferMode = 'BUFFERED', timeoutInMillis = 29_000 } = integration;
    const isStream = route.includes(' /chat/stream');
    const found = [type, String(asMap(uri)['Fn::Sub']), responseTransferMode, timeoutInMillis];
    const isRight =
      type === 'aws_proxy' &&
      (isStream ? STREAMED : BUFFERED).test(String(found[1])) &&
      responseTransferMode === (isStream ? 'STREAM' : 'BUFFERED') &&
      timeoutInMillis === (isStream ? 900_000 : 29_000);
    return isRight ? [] : [`${route}: ${found.join(' ')}`];
  });
}

const CORS = ['      GatewayResponses:', `      Cors: "'*'"\n      GatewayResponses:`] as const;
/** Copies of the template whose routes do not reach their function in the right way. */
const FAULTY: readonly (readonly [what: string, ...edits: (readonly [from: string, to: string])[]])[] = [
  ['preflights that the gateway answers', CORS, ['Method: OPTIONS, Path: /chat }', 'Method: PUT, Path: /chat }']],
  ['a stream in one piece', ['            ResponseTransferMode: RESPONSE_STREAM\n', '']],
  ['a misspelt stream', ['ResponseTransferMode: RESPONSE_STREAM', 'ResponseTransferMode: RESPONSE_STREAMS']],
  ['a stream that ends after 29 s', ['            TimeoutInMillis: 900000\n', '']],
  ['a stream of the other function', ['Path: /chat }', 'Path: /chat/stream }'], ['Method: POST\n', 'Method: PUT\n']],
];

function parseCopy(edits: readonly (readonly [from: string, to: string])[]): Template {
  for (const [from] of edits) expect(TEXT).toContain(from);
  return parseTemplate(edits.reduce((text, [from, to]) => text.replace(from, () => to), TEXT));
}

describeWithTransform('what the transform of SAM makes of template.yaml', () => {
  // One process for all, because its start takes longest.
  const [result = { Resources: {} }, ...faulty] = isThere
    ? transformTemplates([parseTemplate(TEXT), ...FAULTY.map(([, ...edits]) => parseCopy(edits))])
    : [];
  const ofType = (type: string) => Object.entries(result.Resources).filter(([, { Type }]) => Type === type);

  it('sends every route and preflight to its function, and streams replies', () => {
    expect(integrationProblems(result)).toEqual([]);
    expect(Object.keys(integrationsOf(result)).toSorted()).toEqual([
      'DELETE /chats',
      'DELETE /chats/{id}',
      'GET /chat/stream/{id}/stream',
      'GET /chats',
      'GET /chats/{id}',
      'GET /chats/{id}/messages',
      'GET /health',
      'GET /health/ready',
      'OPTIONS /chat',
      'OPTIONS /chat/stream',
      'OPTIONS /chat/stream/{id}/stream',
      'OPTIONS /chats',
      'OPTIONS /chats/{id}',
      'OPTIONS /chats/{id}/messages',
      'OPTIONS /chats/{id}/stop',
      'OPTIONS /health',
      'OPTIONS /health/ready',
      'PATCH /chats/{id}',
      'POST /chat',
      'POST /chat/stream',
      'POST /chats/{id}/stop',
    ]);
  });

  it.each(FAULTY.map(([what], index) => [what, index] as const))('does not with %s', (_what, index) => {
    expect(integrationProblems(faulty[index]!)).not.toEqual([]);
  });

  it('gives the functions behind the API the same environment, apart from the time of a turn', () => {
    const found = Object.fromEntries(ofType('AWS::Lambda::Function'));
    expect(Object.keys(found).toSorted()).toEqual(['ChatFunction', 'ChatStreamFunction', 'SweepFunction']);
    const functions = ['ChatFunction', 'ChatStreamFunction'].map((name) => found[name]!.Properties);
    expect(functions.map(({ Handler }) => Handler)).toEqual(['lambda.handler', 'lambda-stream.handler']);
    const environments = functions.map((properties) => asMap(asMap(properties['Environment'])['Variables']));
    const [chat = {}, stream = {}] = environments;
    expect(stream).toEqual({ ...chat, AGENT_TIMEOUT_MS: { Ref: 'StreamTimeoutMs' } });
    expect(chat['AGENT_TIMEOUT_MS']).toEqual({ Ref: 'AgentTimeoutMs' });
    expect(JSON.stringify(environments)).not.toContain('JWT_SECRET_KEY');
    for (const properties of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['ChatFunctionRole', 'Arn'] },
        LoggingConfig: { LogGroup: { Ref: 'ChatLogGroup' } },
      });
    }
  });

  it('invokes the sweep by its schedule alone, once each time, and makes nothing of it without a schedule', () => {
    const parts = Object.entries(result.Resources).filter(([name]) => name.startsWith('SweepFunction'));
    const types = parts.map(([, { Type }]) => Type).toSorted();
    expect(types).toEqual([
      'AWS::Events::Rule',
      'AWS::IAM::Role',
      'AWS::Lambda::EventInvokeConfig',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
    ]);
    for (const [, { Condition }] of parts) expect(Condition).toBe('Sweeps');
    const [rule] = ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties);
    expect(rule).toMatchObject({ ScheduleExpression: { Ref: 'SweepSchedule' } });
    const [config] = ofType('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties);
    expect(config).toMatchObject({ MaximumRetryAttempts: 0 });
    const [sweep] = ofType('AWS::Lambda::Function').flatMap(([name, { Properties }]) =>
      name === 'SweepFunction' ? [Properties] : [],
    );
    expect(sweep).toMatchObject({ MemorySize: 256, ReservedConcurrentExecutions: { Ref: 'AWS::NoValue' } });
    const mayInvoke = parts.filter(([, { Type }]) => Type === 'AWS::Lambda::Permission');
    expect(mayInvoke.map(([, { Properties }]) => Properties['Principal'])).toEqual(['events.amazonaws.com']);
  });

  it('lets the API invoke the functions for its routes, and the public only through a Function URL', () => {
    const permissions = ofType('AWS::Lambda::Permission').flatMap(([name, resource]) =>
      name.startsWith('SweepFunction') ? [] : [resource],
    );
    const open = permissions.filter(({ Properties }) => Properties['Principal'] === '*');
    expect(open).toHaveLength(2);
    for (const { Condition, Properties } of open) {
      expect(Condition).toBe('StreamsByUrl');
      expect(Properties).toEqual(
        expect.objectContaining(
          Properties['Action'] === 'lambda:InvokeFunction'
            ? { InvokedViaFunctionUrl: true }
            : { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
        ),
      );
    }
    const ofTheApi = permissions.filter((permission) => !open.includes(permission));
    expect(ofTheApi).toHaveLength(Object.keys(integrationsOf(result)).length);
    for (const { Properties } of ofTheApi) {
      expect(Properties).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' });
      expect(namesIn(Properties['SourceArn'])).toContain('ChatApi');
    }
  });

  it('deploys the throttle and the responses of the gateway as parts of the API', () => {
    const [stage] = ofType('AWS::ApiGateway::Stage').map(([, { Properties }]) => Properties);
    expect(valuesAt(stage, 'MethodSettings.*')).toEqual([
      {
        ResourcePath: '/*',
        HttpMethod: '*',
        ThrottlingRateLimit: { Ref: 'ThrottleRate' },
        ThrottlingBurstLimit: { Ref: 'ThrottleBurst' },
      },
    ]);
    const body = asMap(result.Resources['ChatApi']?.Properties['Body']);
    const responses = asMap(body['x-amazon-apigateway-gateway-responses']);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['DEFAULT_4XX', 'DEFAULT_5XX', 'THROTTLED']));
    expect(JSON.stringify(responses)).not.toMatch(/\$context\.error/);
  });
});
