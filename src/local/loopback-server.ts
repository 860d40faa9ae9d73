import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that only this machine reaches. */
export interface LoopbackServer {
  /** Such as `http://127.0.0.1:40001`. */
  readonly endpoint: string;
  /** Cuts every connection, also silent ones, and closes the server; a second call does nothing. */
  close(): Promise<void>;
}

/** Has a server listen on a free port of the loopback interface. */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  // Without the host it would listen on every interface.
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      // Kept-alive connections would hold the server open until they time out.
      server.closeAllConnections();
    });
  return { endpoint: `http://127.0.0.1:${port}`, close: () => (closed ??= close()) };
}
