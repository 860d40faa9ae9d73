import { type GatewayRoute, isObject } from './event-request.js';

/** The first segments of our own routes. */
const OWN_ROUTE = /\/(?:chats?|health|usage|openapi\.json|docs)(?=\/|$)/;

/**
 * Finds the path that our routes know: without the stage of an HTTP API, and without a base path of any form.
 *
 * The matched resource shows where the route begins. Of what is left, everything before the first segment of a route of
 * ours is a base path. A path that begins with such a segment is left alone, so that no wrong path becomes another route.
 *
 * @param basePath - the configured base path. The app takes it off, so only the stage is removed here.
 */
export function toRoutePath(path: string, route: GatewayRoute = {}, basePath?: string): string {
  if (basePath !== undefined) return withoutStage(path, route);
  const matched = findMatchedPath(path, route) ?? withoutStage(path, route);
  const start = OWN_ROUTE.exec(matched)?.index ?? 0;
  return matched.slice(start);
}

/** The part of the path that the resource has matched; undefined if it does not say. */
function findMatchedPath(path: string, { resource, parameters }: GatewayRoute): string | undefined {
  if (typeof resource !== 'string' || !resource.startsWith('/')) return undefined;
  const [, before = '', greedy] = /^(.*)\{([^{}]+)\+\}$/.exec(resource) ?? [];
  if (greedy !== undefined) {
    const rest = isObject(parameters) ? parameters[greedy] : undefined;
    return typeof rest === 'string' ? before + rest : undefined;
  }
  const pattern = resource.split('/').slice(1);
  const segments = path.replace(/\/$/, '').split('/').slice(-pattern.length);
  const isMatch = pattern.every((part, index) => part.startsWith('{') || part === segments[index]);
  return isMatch ? `/${segments.join('/')}` : undefined;
}

function withoutStage(path: string, { stage }: GatewayRoute): string {
  if (typeof stage !== 'string' || stage === '' || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || '/';
}
