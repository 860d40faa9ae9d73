import type { LambdaEvent } from '../../src/lambda/event.js';
import { toRequest } from '../../src/lambda/request.js';
import type { PackageHandler } from './local-function.js';

/** Stands for the token in the files of events/, which hold none. */
const TOKEN_PLACEHOLDER = /\{\{ID_TOKEN\}\}/g;

/** An event as text, with a real token where the file has a placeholder for one. */
export function withToken(event: string, token: string): string {
  return event.replace(TOKEN_PLACEHOLDER, token);
}

/** Which function a gateway would invoke with an event, which is JSON: the one that streams has a route of its own. */
export function handlerFor(event: string): PackageHandler {
  const { url } = toRequest(JSON.parse(event) as LambdaEvent | null);
  return /^\/chat\/stream(\?|$)/.test(url) ? 'lambda-stream.handler' : 'lambda.handler';
}

/** A request as a REST API (v1) passes it on, as far as anyone looks at it. */
export interface RestRequest {
  readonly method: string;
  /** With its query, such as `/chats?limit=5`. */
  readonly url: string;
  /** Names and values in turn, as `IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** The event that a REST API with one greedy resource makes of a request. */
export function restEvent({ method, url, rawHeaders, body }: RestRequest): object {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const multiValueHeaders: Record<string, string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    (multiValueHeaders[rawHeaders[index] ?? ''] ??= []).push(rawHeaders[index + 1] ?? '');
  }
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  return {
    resource: '/{proxy+}',
    path: pathname,
    httpMethod: method,
    headers: lastOf(multiValueHeaders),
    multiValueHeaders,
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: { proxy: pathname.slice(1) },
    stageVariables: null,
    requestContext: {
      resourcePath: '/{proxy+}',
      path: `/local${pathname}`,
      stage: 'local',
      httpMethod: method,
      identity: { sourceIp: '127.0.0.1' },
    },
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  };
}

/** A turn of a new chat, sent to `/chat` or to the route that streams. */
export function chatEvent(token: string, url = '/chat'): object {
  const rawHeaders = ['id_token', token, 'content-type', 'application/json'];
  const event = restEvent({ method: 'POST', url, rawHeaders, body: Buffer.alloc(0) });
  return { ...event, body: '{"prompt":"Plan a weekend in Lisbon"}', isBase64Encoded: false };
}

function lastOf(values: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));
}
