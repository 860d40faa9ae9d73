import type { Template } from '../../../scripts/template/template.js';
import { AFTER_DEADLINE } from '../../../src/config/waits.js';
import { differences } from './checks.js';
import { requestFunctionsOf } from './functions.js';
import { AGENT, asMap, namesIn, StackValues, valuesAt } from './values.js';

/** API Gateway's timeout for responses that are not streamed, in seconds. */
const GATEWAY_TIMEOUT_SECONDS = 29;
/** The longest stream of API Gateway, and the longest run of a function, in seconds. */
const STREAM_TIMEOUT_SECONDS = 900;
/** The time of a slow reader for the rest of a stream, in milliseconds. */
const READING_MILLISECONDS = 60_000;

/** Checks that our 504, or the end of a stream, comes before the gateway's and the function's timeout. */
export function timeoutProblems(template: Template): string[] {
  const { ChatFunction, ChatStreamFunction } = requestFunctionsOf(template);
  const [timeout, streamTimeout] = [ChatFunction, ChatStreamFunction].map((one) => Number(one?.['Timeout']));
  const longestTurn = template.Parameters['AgentTimeoutMs']?.MaxValue ?? Infinity;
  const longestStream = template.Parameters['StreamTimeoutMs']?.MaxValue ?? Infinity;
  const waits = valuesAt(ChatStreamFunction, 'Events.*.Properties').map((event) => asMap(event)['TimeoutInMillis']);
  return [
    ...(timeout! <= GATEWAY_TIMEOUT_SECONDS ? [] : ['the function outlives the request']),
    ...(longestTurn + AFTER_DEADLINE <= timeout! * 1000 ? [] : ['a turn may outlive the function']),
    ...(streamTimeout! <= STREAM_TIMEOUT_SECONDS ? [] : ['no function runs that long']),
    ...(longestStream + READING_MILLISECONDS <= streamTimeout! * 1000 ? [] : ['a stream may outlive its function']),
    ...waits.filter((wait) => wait !== streamTimeout! * 1000).map((wait) => `the API waits for ${String(wait)} ms`),
  ];
}

/** Checks that the API and the Function URL stream the streamed routes, and no others. */
export function streamProblems(template: Template): string[] {
  const modes = Object.entries(requestFunctionsOf(template)).flatMap(([name, properties]) =>
    valuesAt(properties, 'Events.*.Properties').map((event) => {
      const { Path, ResponseTransferMode = 'BUFFERED' } = asMap(event);
      return `${name} ${String(Path)} ${String(ResponseTransferMode)}`;
    }),
  );
  const expected = modes.map((mode) => {
    const [name, path] = mode.split(' ');
    return `${name} ${path} ${name === 'ChatStreamFunction' ? 'RESPONSE_STREAM' : 'BUFFERED'}`;
  });
  const streamed = modes.filter((mode) => mode.startsWith('ChatStreamFunction /chat/stream '));
  return [
    ...differences(modes, expected),
    ...(streamed.length > 0 ? [] : ['nothing streams']),
    ...urlProblems(template),
  ];
}

/** Checks the optional Function URL, and its two permissions without AWS authentication. */
function urlProblems(template: Template): string[] {
  const [byApi, byUrl] = ['api', 'function-url'].map(
    (StreamBy) => new StackValues(template, { ...AGENT, StreamBy }),
  ) as [StackValues, StackValues];
  const found = Object.entries(template.Resources).filter(
    ([, { Type, Properties }]) =>
      /^AWS::Lambda::(Url|Permission)$/.test(Type) && namesIn(Properties).includes('ChatStreamFunction'),
  );
  const target = 'ChatStreamFunction';
  const output = (stack: StackValues) => String(stack.of(asMap(template.Outputs['StreamUrl'])['Value']));
  return [
    ...found.filter(([name]) => byApi.has(name)).map(([name]) => `${name} is there without being asked for`),
    ...found.filter(([name]) => !byUrl.has(name)).map(([name]) => `${name} is not there`),
    ...differences(
      found.map(([, { Properties }]) => JSON.stringify(byUrl.of(Properties))),
      [
        { TargetFunctionArn: target, InvokeMode: 'RESPONSE_STREAM', AuthType: 'NONE' },
        { FunctionName: target, Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' },
        { FunctionName: target, Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: true },
      ].map((properties) => JSON.stringify(properties)),
    ),
    ...differences(
      [output(byApi), output(byUrl)],
      [
        'https://ChatApi.execute-api.us-east-1.amazonaws.com/v1/chat/stream',
        'https://ChatStreamUrl.lambda-url.us-east-1.on.aws/chat/stream',
      ],
    ),
  ];
}
