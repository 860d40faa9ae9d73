import type { Template } from '../../../scripts/template/template.js';
import { EXPOSED_HEADERS } from '../../../src/http/middleware/cors.js';
import { differences } from './checks.js';
import { requestFunctionsOf } from './functions.js';
import { AGENT, asMap, StackValues, valuesAt } from './values.js';

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

/** Of all routes together. */
const THROTTLE = {
  ResourcePath: '/*',
  HttpMethod: '*',
  ThrottlingRateLimit: { Ref: 'ThrottleRate' },
  ThrottlingBurstLimit: { Ref: 'ThrottleBurst' },
};

/**
 * Lists routes that only the API or only the app has. The app responds to preflights on all its paths, so the API has to
 * pass them on.
 */
export function routeProblems(template: Template, routes: readonly string[]): string[] {
  const events = Object.values(requestFunctionsOf(template)).flatMap((properties) =>
    valuesAt(properties, 'Events.*.Properties').map(asMap),
  );
  const preflights = routes.map((route) => route.replace(/^\w+/, 'OPTIONS'));
  return differences(
    events.map(({ Method, Path }) => `${String(Method)} ${String(Path)}`),
    [...routes, ...preflights],
  );
}

/** Lists API Gateway's own responses that differ from the contract. */
export function gatewayProblems(template: Template): string[] {
  const api = asMap(template.Resources['ChatApi']?.Properties);
  const open = new StackValues(template, {
    ...AGENT,
    AllowedOrigins: 'https://app.example.com,https://beta.example.com',
  });
  const headers = {
    'x-request-id': 'context.requestId',
    'cache-control': "'no-store'",
    'x-content-type-options': "'nosniff'",
  };
  const cors = {
    'access-control-allow-origin': "'*'",
    'access-control-expose-headers': `'${EXPOSED_HEADERS.join(',')}'`,
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
    ...differences(
      valuesAt(api, 'MethodSettings.*').map((settings) => JSON.stringify(settings)),
      [JSON.stringify(THROTTLE)],
    ),
    ...('Cors' in api ? ['the gateway answers preflights, without the headers of every answer'] : []),
  ];
}
