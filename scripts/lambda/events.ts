import { toHttpEvent } from '../../src/lambda/event.js';
import type { PackageHandler } from './local-function.js';

/** Stands for the token in the files of events/. */
const TOKEN_PLACEHOLDER = /\{\{ID_TOKEN\}\}/g;

/** Replaces the placeholder in an event's text with a token. */
export function insertToken(event: string, token: string): string {
  return event.replace(TOKEN_PLACEHOLDER, token);
}

/**
 * Finds the function that a gateway would invoke. The function that streams has two routes.
 *
 * @param event - JSON.
 */
export function findHandler(event: string): PackageHandler {
  const { request } = toHttpEvent(JSON.parse(event));
  return /^\/chat\/stream(\/[^/]+\/stream)?(\?|$)/.test(request?.url ?? '')
    ? 'lambda-stream.handler'
    : 'lambda.handler';
}

/** The parts of a request that a REST API (v1) puts into its event. */
export interface RestRequest {
  readonly method: string;
  /** With its query, such as `/chats?limit=5`. */
  readonly url: string;
  /** Names and values in turn, as in `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Builds the event of a REST API that has one greedy resource. */
export function buildRestEvent({ method, url, rawHeaders, body }: RestRequest): object {
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
    headers: toSingleValues(multiValueHeaders),
    multiValueHeaders,
    queryStringParameters: toSingleValues(query),
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

/** Builds the event of a new chat's first turn. */
export function buildChatEvent(token: string, url = '/chat'): object {
  const rawHeaders = ['id_token', token, 'content-type', 'application/json'];
  const event = buildRestEvent({ method: 'POST', url, rawHeaders, body: Buffer.alloc(0) });
  return { ...event, body: '{"prompt":"Plan a weekend in Lisbon"}', isBase64Encoded: false };
}

function toSingleValues(values: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));
}
