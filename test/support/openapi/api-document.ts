import { readFileSync } from 'node:fs';

/** A response as openapi.json describes it. */
export interface DescribedResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, DescribedContent>>;
}

interface DescribedContent {
  readonly schema: object;
  readonly example?: string;
  readonly examples?: Readonly<Record<string, { readonly value: ErrorBody }>>;
}

export interface ErrorBody {
  readonly error: string;
  readonly message?: string;
}

interface DescribedHeader {
  readonly required: boolean;
}

/** A request and its responses as openapi.json describes them. */
export interface DescribedOperation {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: { readonly type: string };
  }[];
  /** The names of security schemes, one of which a request needs. */
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, DescribedContent>> };
  readonly responses: Responses;
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly headers: Readonly<Record<string, DescribedHeader>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

export type Responses = Readonly<Record<string, DescribedResponse>>;

/** A route of the document, and where its responses are in it. */
export interface DescribedRoute {
  /** Such as `GET /chats/{id}`. */
  readonly name: string;
  /** Their place. */
  readonly path: readonly string[];
  readonly responses: Responses;
}

/** A route whose requests are described, too. */
export interface KnownRoute extends DescribedRoute {
  readonly operation: DescribedOperation;
}

export const DOCUMENT = JSON.parse(readFileSync('openapi.json', 'utf8')) as ApiDocument;

const ROUTES = Object.entries(DOCUMENT.paths).flatMap(([template, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(),
    // Express ignores the case of a path and a slash at its end. The app does not ignore it where all chats are deleted.
    path: new RegExp(
      `^${template.replaceAll(/\{\w+\}/g, '[^/]+')}${method === 'delete' && template === '/chats' ? '' : '/?'}$`,
      'i',
    ),
    route: {
      name: `${method.toUpperCase()} ${template}`,
      path: ['paths', template, method, 'responses'],
      responses: operation.responses,
      operation,
    },
  })),
);

/** Finds the route of a request; undefined for an unknown route. */
export function findRoute(method: string, url: string): KnownRoute | undefined {
  const [path = ''] = url.split('?');
  // Express responds to HEAD as to GET, without the body.
  const asked = method === 'HEAD' ? 'GET' : method;
  return ROUTES.find((each) => each.method === asked && each.path.test(path))?.route;
}
