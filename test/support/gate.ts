import { once } from 'node:events';
import { createServer, request as send, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ACCESS_DENIED = JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException' });

/** A call as the gate sees it. */
export interface GatedCall {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
}

/**
 * What the gate does to a call. `forward` lets it pass, and `hold` keeps it from its target. `hold-reply` lets the
 * target do it and keeps the reply. A held call is never released. `refuse` denies it, as AWS does without a permission.
 */
export type Passage = 'forward' | 'hold' | 'hold-reply' | 'refuse';

/** A server in front of another server. It stops chosen calls, or the replies to them. */
export interface Gate {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts a gate.
 *
 * @param target - the endpoint that calls are forwarded to.
 * @param decide - chooses what happens to each call.
 * @param onHeld - called once a call, or its reply, is held.
 */
export async function startGate(
  target: string,
  decide: (call: GatedCall) => Passage,
  onHeld: (call: GatedCall) => void = () => undefined,
): Promise<Gate> {
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    // The caller is killed while its call is held.
    incoming.on('error', () => undefined);
    incoming.on('end', () => {
      const body = Buffer.concat(pieces);
      const call = { headers: incoming.headers, path: incoming.url ?? '', body: body.toString('utf8') };
      const passage = decide(call);
      if (passage === 'refuse') return void outgoing.writeHead(400).end(ACCESS_DENIED);
      if (passage === 'hold') return onHeld(call);
      forward(call, incoming.method ?? 'POST', body, passage === 'forward' ? outgoing : () => onHeld(call));
    });
  });

  function forward(
    { headers, path }: GatedCall,
    method: string,
    body: Buffer,
    to: ServerResponse | (() => void),
  ): void {
    const call = send(new URL(path, target), { method, headers }, (reply) => {
      if (typeof to === 'function') {
        reply.resume();
        // At the end of the reply the target has done its work.
        reply.on('end', to);
        return;
      }
      to.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(to);
    });
    call.on('error', () => typeof to === 'function' || to.destroy());
    call.end(body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
