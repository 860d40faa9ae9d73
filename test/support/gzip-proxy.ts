import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';

/** A proxy that compresses. */
export interface GzipProxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy that compresses text as most do (express `compression`, webpack's dev server, Next.js). It collects a
 * response until its compressor is full or the response ends. Of `no-transform` it changes nothing (RFC 9111, 5.2.2.6).
 *
 * @param target - the URL of the server behind it.
 */
export async function startGzipProxy(target: string): Promise<GzipProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const call = send(new URL(url, target), { method, headers }, (response) => {
      const { 'content-length': length, ...others } = response.headers;
      const compresses = mayCompress(incoming, response);
      const changed = compresses
        ? { ...others, 'content-encoding': 'gzip' }
        : { ...others, ...(length && { 'content-length': length }) };
      outgoing.writeHead(response.statusCode ?? 502, changed).flushHeaders();
      // A client that leaves takes its request with it.
      if (compresses) pipeline(response, createGzip(), outgoing, () => undefined);
      else pipeline(response, outgoing, () => undefined);
    });
    call.on('error', () => outgoing.destroy());
    pipeline(incoming, call, () => undefined);
  });
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

function mayCompress(request: IncomingMessage, { headers }: IncomingMessage): boolean {
  const accepts = String(request.headers['accept-encoding']).includes('gzip');
  const isText = /^(text\/|application\/json)/.test(headers['content-type'] ?? '');
  const isForbidden = /(^|,)\s*no-transform\s*(,|$)/.test(headers['cache-control'] ?? '');
  return accepts && isText && !isForbidden && headers['content-encoding'] === undefined;
}
