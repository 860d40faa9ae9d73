import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A local server that accepts connections and bytes, and never sends a complete reply. */
export interface StuckServer {
  readonly port: number;
  close(): void;
}

/** The head of a DynamoDB reply, and the beginning of its body. */
export const HALF_A_REPLY =
  'HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 500\r\n\r\n{"Attributes":';

/** @param says - is sent after the first bytes of a connection. Nothing follows. */
export async function startStuckServer(says = ''): Promise<StuckServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    socket.once('data', () => socket.write(says));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
