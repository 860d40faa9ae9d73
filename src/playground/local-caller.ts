import { isLoopback } from '../config/loopback.js';

/** The parts of a request that tell where it comes from. */
export interface PageRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Proxies and tunnels add one of these. They run on this machine, and their callers do not. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Whether a request comes from this machine, and from our own page or from no page.
 *
 * The name in `Host` stops DNS rebinding: a page of another site whose name leads to 127.0.0.1 keeps its name there.
 * Pages of other origins send `Origin` and `Sec-Fetch-Site`, also those that `CORS_ORIGINS` allows.
 */
export function isLocalCaller({ headers, socket }: PageRequest): boolean {
  const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const { host, origin, 'sec-fetch-site': site = 'same-origin' } = headers;
  return (
    isLoopback(address) &&
    typeof host === 'string' &&
    isLoopback(host.replace(/:\d{1,5}$/, '')) &&
    site === 'same-origin' &&
    (origin === undefined || origin === `http://${host}`) &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}
