import type { ChatApp } from './chat-app.js';

/** Lists the routes of an app, with parameters as `{id}`. Middleware of a route counts as a route. */
export function routesOf({ nest }: Pick<ChatApp, 'nest'>): string[] {
  const { stack } = nest.getHttpAdapter().getInstance().router;
  const found = stack.flatMap(({ route }) => {
    const { path = '', methods = {} } = (route ?? {}) as { path?: string; methods?: Record<string, boolean> };
    const template = path.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1');
    return Object.keys(methods).map((method) => `${method.toUpperCase()} ${template}`);
  });
  return [...new Set(found)];
}
