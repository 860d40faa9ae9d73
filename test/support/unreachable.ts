import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Why a server cannot be reached: it refuses connections, or it does not accept them. */
export type Unreachable = 'refused' | 'unanswered';

/** Nobody listens on port 1. Another program could get the port of a server that has closed. */
const REFUSED = 1;
/** More connections than any kernel queues for a server with a backlog of one. */
const WAITING_MAX = 50;
const UNANSWERED_MILLISECONDS = 300;

/** Listens, and then blocks its thread before it accepts a connection. */
const DEAF_SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;

/** Returns ports of the loopback interface on which no connection succeeds. */
export async function startUnreachable(): Promise<Readonly<Record<Unreachable, number>> & { close(): Promise<void> }> {
  const worker = new Worker(DEAF_SERVER, { eval: true });
  const [unanswered] = (await once(worker, 'message')) as [number];
  const waiting = await fillUp(unanswered);
  return {
    refused: REFUSED,
    unanswered,
    close: async () => {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}

/** Connects until connections are no longer accepted. */
async function fillUp(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < WAITING_MAX) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    const isAnswered = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, UNANSWERED_MILLISECONDS, false)),
    ]);
    if (!isAnswered) return sockets;
  }
  throw new Error(`The port still answers after ${WAITING_MAX} connections`);
}
