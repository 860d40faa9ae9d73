import { type GatewayRoute, isObject } from './event-request.js';

/** The first segments of the function's routes. */
const OWN_ROUTE = /\/(?:chats?|health)(?=\/|$)/;

/** The route that deletes all chats of a user. */
const ALL_CHATS = /^\/chats\/*$/;

/**
 * Finds the path that our routes know: without the stage of an HTTP API, and without a base path of any form.
 *
 * The matched resource shows where the route begins. Of what is left, everything before the first segment of a route of
 * ours is a base path. A path that begins with such a segment is left alone, so that no wrong path becomes another route.
 *
 * `DELETE /chats` deletes everything, so only a base path that is configured is taken off there: the stage, or
 * literal text of the resource.
 *
 * @param basePath - the configured base path. The app takes it off, so only the stage is removed here.
 */
export function toRoutePath(
  { method, path }: { readonly method: string; readonly path: string },
  route: GatewayRoute = {},
  basePath?: string,
): string {
  if (basePath !== undefined) return withoutStage(path, route);
  const matched = findMatchedPath(path, route);
  const whole = matched ?? withoutStage(path, route);
  const start = OWN_ROUTE.exec(whole)?.index ?? 0;
  const routePath = whole.slice(start);
  const isGuess = start > 0 && (matched === undefined || start >= findLiteral(route).length);
  return isGuess && method === 'DELETE' && ALL_CHATS.test(routePath) ? whole : routePath;
}

/** The literal text of a resource that has no parameter but a greedy one, such as `/api/` of `/api/{proxy+}`. */
function findLiteral({ resource }: GatewayRoute): string {
  return /^[^{]*(?=(?:\{[^{}]+\+\})?$)/.exec(String(resource))?.[0] ?? '';
}

/** The part of the path that the resource has matched; undefined if it does not say. A slash at its end is kept. */
function findMatchedPath(path: string, { resource, parameters }: GatewayRoute): string | undefined {
  if (typeof resource !== 'string' || !resource.startsWith('/')) return undefined;
  const end = path.endsWith('/') ? '/' : '';
  const [, before = '', greedy] = /^(.*)\{([^{}]+)\+\}$/.exec(resource) ?? [];
  if (greedy !== undefined) {
    const rest = isObject(parameters) ? parameters[greedy] : undefined;
    return typeof rest === 'string' ? (before + rest).replace(/\/$/, '') + end : undefined;
  }
  const pattern = resource.split('/').slice(1);
  const segments = path.replace(/\/$/, '').split('/').slice(-pattern.length);
  const isMatch = pattern.every((part, index) => part.startsWith('{') || part === segments[index]);
  return isMatch ? `/${segments.join('/')}${end}` : undefined;
}

function withoutStage(path: string, { stage }: GatewayRoute): string {
  if (typeof stage !== 'string' || stage === '' || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || '/';
}
