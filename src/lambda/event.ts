import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** Where paths of routes begin. */
const OWN_PATH = /^\/chats?\//;

type Headers = Readonly<Record<string, string | undefined>>;

/** The original system's event: a body and headers, without anything of a gateway. */
interface BareEvent {
  /** JSON text, or the object itself. */
  readonly body?: unknown;
  readonly headers?: Headers | null;
}

/** What the function may be invoked with; a Function URL sends HTTP API (v2) events. */
export type LambdaEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2 | BareEvent;

/** What every kind of event has: its headers in one map, each once. */
interface Sent {
  readonly headers: Headers;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean;
}

interface RestRequest extends Sent {
  readonly httpMethod: string;
  readonly path: string;
  readonly requestContext: object;
  readonly multiValueHeaders?: undefined;
  readonly pathParameters?: undefined;
  readonly multiValueQueryStringParameters?: APIGatewayProxyEvent['multiValueQueryStringParameters'];
}

type HttpApiRequest = Sent & APIGatewayProxyEventV2;

/** An event that serverless-express reads as it is meant, and the form in which its sender wants the answer. */
export interface HttpEvent {
  readonly event: RestRequest | HttpApiRequest;
  /** Whether the sender knows `multiValueHeaders` and no `headers`, as REST APIs do, or `headers` alone. */
  readonly multiValue: boolean;
}

/**
 * Makes an event of any kind fit for serverless-express, which takes an empty `multiValueHeaders` for all headers and
 * no `multiValueQueryStringParameters` for no query, cares for the case of headers, and would leave the path's prefix
 * on. An event without anything of a gateway is the body of a `POST /chat`.
 */
export function toHttpEvent(event: LambdaEvent | null): HttpEvent {
  if (isV2(event)) {
    const { rawPath, headers, routeKey, pathParameters, requestContext } = event;
    const path = routePathOf(rawPath, routeKey?.split(' ')[1], pathParameters, requestContext.stage);
    return { event: { ...event, version: '2.0', rawPath: path, headers: lowerCased(headers) }, multiValue: false };
  }
  if (isV1(event)) {
    const { path, resource, pathParameters, requestContext } = event;
    const routePath = routePathOf(path, resource, pathParameters, requestContext.stage);
    const query = { multiValueQueryStringParameters: queryOf(event) };
    const headers = { headers: allHeaders(event), multiValueHeaders: undefined };
    const asRead = { path: routePath, pathParameters: undefined, body: textOf(event.body), ...query, ...headers };
    return { event: { ...event, ...asRead }, multiValue: true };
  }
  return { event: bareRequest(isObject(event) ? event : {}), multiValue: false };
}

function bareRequest(event: BareEvent): RestRequest {
  const { body, headers } = event;
  return {
    httpMethod: 'POST',
    path: '/chat',
    body: textOf(body),
    headers: { 'content-type': 'application/json', ...lowerCased(headers) },
    requestContext: {},
  };
}

/** Gateways send a body as text; who writes an event by hand may write the JSON itself. */
function textOf(body: unknown): string | null | undefined {
  return body === undefined || body === null || typeof body === 'string' ? body : JSON.stringify(body);
}

/** A function may be invoked with any JSON. */
function isObject<T>(value: T | null | undefined): value is T & object {
  return typeof value === 'object' && value !== null;
}

function isV2(event: LambdaEvent | null): event is APIGatewayProxyEventV2 {
  return isObject(event) && 'rawPath' in event && isObject(event.requestContext) && 'http' in event.requestContext;
}

function isV1(event: LambdaEvent | null): event is APIGatewayProxyEvent {
  return isObject(event) && 'httpMethod' in event && 'path' in event && isObject(event.requestContext);
}

/** Every header, however often it was sent; the lines of one are joined as RFC 9110, 5.3 has it. */
function allHeaders({ headers, multiValueHeaders }: APIGatewayProxyEvent): Headers {
  const lines = Object.entries(multiValueHeaders ?? {}).map(
    ([name, values]) => [name, [values].flat().join(',')] as const,
  );
  return { ...lowerCased(headers), ...lowerCased(Object.fromEntries(lines)) };
}

/** Every value of every parameter, decoded. Half of a surrogate pair cannot stand in a URL. */
function queryOf(event: APIGatewayProxyEvent): Readonly<Record<string, string[]>> {
  const all = Object.entries({ ...event.queryStringParameters, ...event.multiValueQueryStringParameters });
  const texts = (value: unknown) =>
    [value].flat().flatMap((text) => (typeof text === 'string' ? [text.toWellFormed()] : []));
  return Object.fromEntries(all.map(([name, value = '']) => [name.toWellFormed(), texts(value)]));
}

/**
 * The headers that are text (whoever invokes a function directly may write anything) by their names in lower case. Those
 * of one name are joined, too: none may stand in for another.
 */
function lowerCased(headers: Headers | null | undefined): Headers {
  const joined = new Map<string, string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value !== 'string') continue;
    const before = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

/**
 * The path as the routes know it: without the stage, which HTTP APIs put before it, and without the base path of a
 * custom domain. The resource that matched tells them apart: of a greedy one what its parameter has matched is the path,
 * behind what stands before it where that is ours. Where there is none, only the stage goes.
 */
function routePathOf(
  path: string,
  resource: string | undefined,
  parameters: APIGatewayProxyEvent['pathParameters'] | undefined,
  stage: string | undefined,
): string {
  const [, before = '', greedy] = /^(.*)\{([^{}]+)\+\}$/.exec(resource ?? '') ?? [];
  const matched = greedy === undefined ? undefined : parameters?.[greedy];
  if (matched !== undefined) return `${OWN_PATH.test(before) ? before : '/'}${matched}`;
  if (greedy === undefined && resource?.startsWith('/')) {
    const pattern = resource.replace(/[.$()*+?^|\\[\]]/g, '\\$&').replace(/\{[^/]+\}/g, '[^/]+');
    return new RegExp(`${pattern}/?$`).exec(path)?.[0] ?? path;
  }
  return stage && path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}
