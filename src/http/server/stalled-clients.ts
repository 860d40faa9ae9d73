import type { Server } from 'node:http';
import { Socket } from 'node:net';

/** How often a connection is checked within the time that its client has. */
const CHECKS = 4;

/**
 * Closes connections whose clients take nothing of what is to be sent. Node's own `timeout` begins again with every byte that
 * a client sends, so empty lines between requests would keep such a connection open.
 *
 * @param getStall - milliseconds without a byte taken; asked for each new connection. A client may get a quarter more.
 */
export function closeStalled(server: Server, getStall: () => number): void {
  server.on('connection', (socket) => {
    // Lambda has streams in place of sockets.
    if (!(socket instanceof Socket)) return;
    let last = '';
    let stalled = 0;
    const check = () => {
      const progress = describeProgress(socket);
      stalled = socket.writableLength > 0 && progress === last ? stalled + 1 : 0;
      last = progress;
      // Counted and not timed: a process that was frozen does not blame its clients.
      if (stalled >= CHECKS) socket.destroy();
    };
    const timer = setInterval(check, getStall() / CHECKS).unref();
    socket.once('close', () => clearInterval(timer));
  });
}

/** Changes with each byte that the system takes. One large write counts as written only when all of it is taken. */
function describeProgress(socket: Socket): string {
  // Node's own check reads this too. It has no public name.
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize}`;
}
