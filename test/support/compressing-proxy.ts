import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import compression from 'compression';
import express from 'express';

/** A proxy that compresses. */
export interface CompressingProxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy that compresses with the package `compression`, as webpack's dev server and Next.js do.
 *
 * @param target - the URL of the server behind it.
 */
export async function startCompressingProxy(target: string): Promise<CompressingProxy> {
  const app = express();
  // By default responses under 1 KB are left alone.
  app.use(compression({ threshold: 0 }), (request, response) => forward(target, request, response));
  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = incoming;
  const call = send(new URL(url, target), { method, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    // A client that leaves takes its request with it.
    pipeline(response, outgoing, () => undefined);
  });
  call.on('error', () => outgoing.destroy());
  pipeline(incoming, call, () => undefined);
}
