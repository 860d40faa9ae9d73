import {
  type DescribedResponse,
  DOCUMENT,
  type ErrorBody,
  findRoute,
  type DescribedRoute,
  type Responses,
} from './api-document.js';

/** Lists how a value differs from a schema of the document. `jest-environment.mjs` has it for all test files. */
export const { listSchemaErrors } = globalThis as unknown as {
  readonly listSchemaErrors: (path: readonly string[], value: unknown) => string[];
};

/** A response of the service, and what was asked. */
export interface SeenResponse {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The whole body; undefined if it was not read to its end. */
  readonly body: string | undefined;
}

/** Headers of the connection, of the representation, and `Date`. A document of OpenAPI does not describe them. */
const TRANSPORT = /^(content-type|content-length|date|connection|keep-alive|transfer-encoding)$/;
/** The pages are not part of the API. */
export const PAGES = /^\/((docs|page)(\/[^?]*)?|openapi\.json)?(\?|$)/;

/** Lists everything in a response that openapi.json does not describe. */
export function listDeviations(seen: SeenResponse): string[] {
  const { method, url, status } = seen;
  // A preflight belongs to no route. Tests of CORS check them.
  if ((method === 'OPTIONS' && status === 204) || (PAGES.test(url) && status < 400)) return [];
  const route = findRoute(method, url) ?? UNKNOWN_ROUTE;
  const response = route.responses[status];
  const found = response
    ? [...listHeaderDeviations(response, seen), ...listBodyDeviations(route, response, seen)]
    : ['the status is not described'];
  return found.map((deviation) => `${route.name} ${status}: ${deviation}`);
}

const NO_RESPONSE: DescribedResponse = { description: '' };

/** What a request gets that no route matches: 404, or a refusal of the server. */
const UNKNOWN_ROUTE: DescribedRoute = {
  name: 'an unknown route',
  path: ['paths', '/chats/{id}', 'get', 'responses'],
  responses: unknownRouteResponses(),
};

function unknownRouteResponses(): Responses {
  const { 404: notFound, ...ofChat } = findRoute('GET', '/chats/x')?.responses ?? {};
  const refusals = Object.keys(findRoute('GET', '/health')?.responses ?? {}).filter((status) => status.startsWith('4'));
  return {
    404: notFound ?? NO_RESPONSE,
    ...Object.fromEntries(refusals.map((status) => [status, ofChat[status] ?? NO_RESPONSE])),
  };
}

function listHeaderDeviations({ headers: described = {} }: DescribedResponse, { headers }: SeenResponse): string[] {
  const given = Object.entries(headers).filter(([name, value]) => value !== undefined && !TRANSPORT.test(name));
  const componentOf = (name: string) => described[name]?.$ref.split('/').at(-1) ?? name;
  const isRequired = (name: string) => DOCUMENT.components.headers[componentOf(name)]?.required === true;
  const required = Object.keys(described).filter(isRequired);
  return [
    ...required.filter((name) => headers[name] === undefined).map((name) => `the header ${name} is missing`),
    ...given.flatMap(([name, value]) =>
      described[name] === undefined
        ? [`the header ${name} is not described`]
        : listSchemaErrors(['components', 'headers', componentOf(name), 'schema'], [value].flat().join(', ')).map(
            (error) => `the header ${name}${error}`,
          ),
    ),
  ];
}

function listBodyDeviations(route: DescribedRoute, { content }: DescribedResponse, seen: SeenResponse): string[] {
  const { method, status, headers, body } = seen;
  if (body === undefined || method === 'HEAD') return [];
  if (content === undefined) return body === '' ? [] : ['there is a body, and none is described'];
  const type = String(headers['content-type']).replace(/; charset=utf-8$/, '');
  const described = content[type];
  if (described === undefined) return [`the type ${type} is not described`];
  const schema = [...route.path, String(status), 'content', type, 'schema'];
  if (type === 'text/event-stream') return listStreamDeviations(route, [...schema, 'contentSchema'], body);
  const value = parse(body);
  const known = Object.values(described.examples ?? {}).map((example) => example.value);
  return [...listSchemaErrors(schema, value), ...(status < 400 ? [] : listTextDeviations(known, value, seen))];
}

/** Checks the parts of a stream. The texts of its errors are in its description, or in the route's other responses. */
function listStreamDeviations({ responses }: DescribedRoute, schema: readonly string[], body: string): string[] {
  const parts = [...body.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data);
  const last = parts.pop();
  const texts = Object.values(responses).flatMap(({ description, content }) => [
    ...[...description.matchAll(/^- `(.+)`: /gm)].map(([, text]) => text),
    ...Object.values(content?.['application/json']?.examples ?? {}).map(({ value }) => value.error),
  ]);
  return [
    ...(last === '[DONE]' ? [] : ['the stream does not end with [DONE]']),
    ...parts.flatMap((data) => {
      const part = parse(data) as { readonly errorText?: string } | undefined;
      const isKnown = part?.errorText === undefined || texts.includes(part.errorText);
      return [...listSchemaErrors(schema, part), ...(isKnown ? [] : [`the text ${part.errorText} is no example`])];
    }),
  ];
}

/** Every text of an error is an example. In an example, `<name>` stands for a name, and a number for a setting. */
function listTextDeviations(known: readonly ErrorBody[], value: unknown, { headers }: SeenResponse): string[] {
  const { error = '', message = '' } = (value ?? {}) as Partial<ErrorBody>;
  const id = String(headers['x-request-id']);
  const isKnown = known.some(
    (example) =>
      toPattern(example.error).test(error) &&
      (example.message ?? '').replace(/(?<=request id ).*/, () => id) === message,
  );
  return isKnown ? [] : [`the text ${JSON.stringify({ error, message })} is no example`];
}

function toPattern(example: string): RegExp {
  const escaped = example.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('<name>', '.+').replaceAll(/\d+/g, '\\d+')}$`, 's');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
