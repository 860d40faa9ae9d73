import { type DescribedOperation, findRoute } from './api-document.js';
import { listSchemaErrors, PAGES } from './check-response.js';

/** A request to the service. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined if there is none. */
  readonly body: string | undefined;
}

/** What a browser adds by itself. The type belongs to the body. */
const BROWSER = /^(accept(-.*)?|sec-.*|user-agent|referer|origin|upgrade-insecure-requests|content-type)$/;

/** Lists everything in a request that openapi.json does not describe. */
export function listRequestDeviations(seen: SeenRequest): string[] {
  const { method, url, body } = seen;
  if (method === 'GET' && PAGES.test(url) && body === undefined) return [];
  const route = findRoute(method, url);
  if (route === undefined) return [`${method} ${url}: the route is not described`];
  const place = route.path.slice(0, -1);
  const found = [
    ...listParameterDeviations(place, route.operation, seen),
    ...listBodyDeviations(place, route.operation, seen),
  ];
  return found.map((deviation) => `the request ${route.name}: ${deviation}`);
}

function listParameterDeviations(
  place: readonly string[],
  { parameters, security = [] }: DescribedOperation,
  { url, headers }: SeenRequest,
): string[] {
  const { searchParams } = new URL(url, 'http://service');
  const schemes = security.flatMap((scheme) => Object.keys(scheme));
  const given = [
    ...[...searchParams].map(([name, value]) => ({ where: 'query', name, value })),
    ...Object.entries(headers)
      .filter(([name]) => !BROWSER.test(name) && !schemes.includes(name === 'authorization' ? 'bearer' : name))
      .map(([name, value]) => ({ where: 'header', name, value })),
  ];
  return given.flatMap(({ where, name, value }) => {
    const index = parameters.findIndex((each) => each.in === where && each.name.toLowerCase() === name);
    if (index === -1) return [`the ${where} ${name} is not described`];
    const schema = [...place, 'parameters', `${index}`, 'schema'];
    const errors = listSchemaErrors(schema, parameters[index]?.schema.type === 'integer' ? Number(value) : value);
    return errors.map((error) => `the ${where} ${name}${error}`);
  });
}

function listBodyDeviations(
  place: readonly string[],
  { requestBody }: DescribedOperation,
  { headers, body }: SeenRequest,
): string[] {
  if (requestBody === undefined) return body === undefined ? [] : ['there is a body, and none is described'];
  const type = headers['content-type'] ?? '';
  if (requestBody.content[type] === undefined) return [`the type ${type} is not described`];
  return listSchemaErrors([...place, 'requestBody', 'content', type, 'schema'], JSON.parse(body ?? 'null'));
}
