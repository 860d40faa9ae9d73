import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** The beginning of our own routes, which a greedy resource may have before its parameter. */
const OWN_PATH = /^\/(chats?|health)\//;

type Headers = Readonly<Record<string, string | undefined>>;

/** An event of the original system: a body and headers, with no fields of a gateway. */
interface BareEvent {
  /** JSON text, or the object itself. */
  readonly body?: unknown;
  readonly headers?: Headers | null;
}

/** The events that the function accepts. A Function URL sends HTTP API (v2) events. */
export type LambdaEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2 | BareEvent;

/** The fields of every event: one map of headers with unique names, and the body. */
interface CommonFields {
  readonly headers: Headers;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean;
}

interface RestRequest extends CommonFields {
  readonly httpMethod: string;
  readonly path: string;
  readonly requestContext: object;
  readonly multiValueHeaders?: undefined;
  readonly pathParameters?: undefined;
  readonly multiValueQueryStringParameters?: APIGatewayProxyEvent['multiValueQueryStringParameters'];
}

type HttpApiRequest = CommonFields & APIGatewayProxyEventV2;

/** An event that serverless-express reads correctly, and the form of response that its sender expects. */
export interface HttpEvent {
  readonly event: RestRequest | HttpApiRequest;
  /** True if the sender reads `multiValueHeaders`, as REST APIs do; false if it reads `headers`. */
  readonly multiValue: boolean;
}

/**
 * Normalises an event of any kind for serverless-express. An event without fields of a gateway is a `POST /chat`.
 *
 * Left alone, serverless-express takes an empty `multiValueHeaders` for all headers. It takes absent
 * `multiValueQueryStringParameters` for an empty query. It compares header names by case, and keeps a path's prefix.
 */
export function toHttpEvent(event: LambdaEvent | null): HttpEvent {
  if (isV2(event)) {
    const { rawPath, headers, routeKey, pathParameters, requestContext } = event;
    const path = toRoutePath({
      path: rawPath,
      resource: routeKey?.split(' ')[1],
      parameters: pathParameters,
      stage: requestContext.stage,
    });
    const normalised = { version: '2.0', rawPath: path, headers: toLowerCaseHeaders(headers) };
    return { event: { ...event, ...normalised }, multiValue: false };
  }
  if (isV1(event)) {
    const { path, resource, pathParameters, requestContext } = event;
    const normalised = {
      path: toRoutePath({ path, resource, parameters: pathParameters, stage: requestContext.stage }),
      pathParameters: undefined,
      multiValueQueryStringParameters: collectQuery(event),
      headers: collectHeaders(event),
      multiValueHeaders: undefined,
      body: toBodyText(event.body),
    };
    return { event: { ...event, ...normalised }, multiValue: true };
  }
  return { event: toBareRequest(isObject(event) ? event : {}), multiValue: false };
}

function toBareRequest({ body, headers }: BareEvent): RestRequest {
  return {
    httpMethod: 'POST',
    path: '/chat',
    body: toBodyText(body),
    headers: { 'content-type': 'application/json', ...toLowerCaseHeaders(headers) },
    requestContext: {},
  };
}

/** Gateways send a body as text. An event written by hand may hold the JSON itself. */
function toBodyText(body: unknown): string | null | undefined {
  return body === undefined || body === null || typeof body === 'string' ? body : JSON.stringify(body);
}

/** A function can be invoked with any JSON value. */
function isObject<T>(value: T | null | undefined): value is T & object {
  return typeof value === 'object' && value !== null;
}

function isV2(event: LambdaEvent | null): event is APIGatewayProxyEventV2 {
  return isObject(event) && 'rawPath' in event && isObject(event.requestContext) && 'http' in event.requestContext;
}

function isV1(event: LambdaEvent | null): event is APIGatewayProxyEvent {
  return isObject(event) && 'httpMethod' in event && 'path' in event && isObject(event.requestContext);
}

/** All headers of a REST event. Several lines of one name are joined by commas (RFC 9110, 5.3). */
function collectHeaders({ headers, multiValueHeaders }: APIGatewayProxyEvent): Headers {
  const lines = Object.entries(multiValueHeaders ?? {}).map(
    ([name, values]) => [name, [values].flat().join(',')] as const,
  );
  return { ...toLowerCaseHeaders(headers), ...toLowerCaseHeaders(Object.fromEntries(lines)) };
}

/** All values of all query parameters, decoded. A URL cannot hold a lone surrogate. */
function collectQuery(event: APIGatewayProxyEvent): Readonly<Record<string, string[]>> {
  const all = Object.entries({ ...event.queryStringParameters, ...event.multiValueQueryStringParameters });
  const toTexts = (value: unknown) =>
    [value].flat().flatMap((text) => (typeof text === 'string' ? [text.toWellFormed()] : []));
  return Object.fromEntries(all.map(([name, value = '']) => [name.toWellFormed(), toTexts(value)]));
}

/**
 * Lower-cases header names and joins values of equal names, so that none of them hides another.
 * Values that are no text are left out: a direct invocation may send anything.
 */
function toLowerCaseHeaders(headers: Headers | null | undefined): Headers {
  const joined = new Map<string, string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value !== 'string') continue;
    const before = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

interface GatewayPath {
  readonly path: string;
  /** The resource that matched, such as `/chats/{id}` or `/{proxy+}`. */
  readonly resource: string | undefined;
  readonly parameters: APIGatewayProxyEvent['pathParameters'] | undefined;
  readonly stage: string | undefined;
}

/**
 * The path that our routes know: without the stage of an HTTP API, and without the base path of a custom domain.
 *
 * The matched resource shows where the route begins. Of a greedy resource, the route is the greedy parameter's value,
 * behind the resource's own prefix if that is a prefix of ours. Without a resource, only the stage is removed.
 */
function toRoutePath({ path, resource, parameters, stage }: GatewayPath): string {
  const [, before = '', greedy] = /^(.*)\{([^{}]+)\+\}$/.exec(resource ?? '') ?? [];
  const matched = greedy === undefined ? undefined : parameters?.[greedy];
  if (matched !== undefined) return `${OWN_PATH.test(before) ? before : '/'}${matched}`;
  if (greedy === undefined && resource?.startsWith('/')) {
    const pattern = resource.replace(/[.$()*+?^|\\[\]]/g, '\\$&').replace(/\{[^/]+\}/g, '[^/]+');
    return new RegExp(`${pattern}/?$`).exec(path)?.[0] ?? path;
  }
  return stage && path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}
