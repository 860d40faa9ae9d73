import type { Server } from 'node:http';
import { Socket } from 'node:net';

/** How often a connection is checked within the time that its client has. */
const CHECKS = 4;
/** A Node that does not count the unsent bytes of a write gives the time once for each of these. */
const WRITE_BYTES = 256 * 1024;

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
      if (stalled >= CHECKS * countTimes(socket)) socket.destroy();
    };
    const timer = setInterval(check, getStall() / CHECKS).unref();
    socket.once('close', () => clearInterval(timer));
  });
}

/** How often the client gets its time. Without the count a slow client seems to take nothing until the end of a write. */
function countTimes(socket: Socket): number {
  return countUnsent(socket) === undefined ? 1 + Math.floor(socket.writableLength / WRITE_BYTES) : 1;
}

/** Changes with each byte that the system takes, or with each write on a Node without `countUnsent`. */
function describeProgress(socket: Socket): string {
  return `${socket.bytesWritten - socket.writableLength} ${countUnsent(socket)}`;
}

/** The bytes of the current write that the system has not taken; undefined on a Node that does not tell. */
function countUnsent(socket: Socket): number | undefined {
  // Node's own check reads this too. It has no public name.
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize;
}
