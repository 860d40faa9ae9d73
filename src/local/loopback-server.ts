import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const KEEP_ALIVE_MILLISECONDS = 75_000;

/** A server that only this machine can reach. */
export interface LoopbackServer {
  /** Such as `http://127.0.0.1:40001`. */
  readonly endpoint: string;
  /** Closes all connections and the server. A second call does nothing. */
  close(): Promise<void>;
}

/** Starts a server on a free port of the loopback interface. */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  // Longer than any client keeps an idle connection. Otherwise a request could meet a connection that is closing.
  server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  // Without a host it would listen on all interfaces.
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      // The server would wait for idle connections until they time out.
      server.closeAllConnections();
    });
  return { endpoint: `http://127.0.0.1:${port}`, close: () => (closed ??= close()) };
}
