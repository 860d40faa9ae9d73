import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer as readBytes } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeStalled } from '../../src/http/server/stalled-clients.js';

/** How long a client may take nothing, in milliseconds. */
const STALL = 400;
/** Some of them are larger than the buffers of a socket by path. */
const PIECE = Buffer.alloc(100_000, 'x');
const PIECES = 12;
const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

/** Node's internal object behind a socket. */
function getHandle(socket: Socket): { readonly writeQueueSize?: number } {
  const { _handle: handle } = socket as Socket & { readonly _handle: object };
  return handle;
}

describe('closeStalled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stalled-'));
  const path = join(folder, 'socket');
  let server: Server;
  let hasCount: boolean;
  beforeEach(async () => {
    server = createServer((_, response) => {
      for (let piece = 0; piece < PIECES; piece += 1) response.write(PIECE);
      response.end();
    });
    server.on('connection', (socket: Socket) => {
      if (!hasCount) Object.defineProperty(getHandle(socket), 'writeQueueSize', { value: undefined });
    });
    closeStalled(server, () => STALL);
    server.listen(path);
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('finds the count of unsent bytes in this version of Node', async () => {
    hasCount = true;
    const { socket, peer } = await open();
    expect(getHandle(peer).writeQueueSize).toEqual(expect.any(Number));
    socket.destroy();
  });

  describe.each([
    ['with', true],
    ['without', false],
  ])('%s this count', (_, isThere) => {
    beforeEach(() => {
      hasCount = isThere;
    });

    it('closes a connection whose client takes nothing', async () => {
      const { socket, peer } = await open();
      const start = performance.now();
      await once(peer, 'close');
      expect(performance.now() - start).toBeGreaterThan(STALL / 2);
      socket.destroy();
    });

    it('leaves a connection alone that has nothing to send', async () => {
      const socket = connect({ path });
      await once(socket, 'connect');
      await wait(2 * STALL);
      socket.write(REQUEST);
      expect((await readBytes(socket)).length).toBeGreaterThan(PIECES * PIECE.length);
    });

    it('leaves a client alone that takes one write after the other slowly', async () => {
      const { socket } = await open();
      const start = performance.now();
      let bytes = 0;
      for await (const read of socket) {
        const before = Math.floor(bytes / PIECE.length);
        bytes += (read as Buffer).length;
        if (Math.floor(bytes / PIECE.length) > before) await wait(STALL / 3);
      }
      expect(bytes).toBeGreaterThan(PIECES * PIECE.length);
      expect(performance.now() - start).toBeGreaterThan(2 * STALL);
    });
  });

  /** Asks for a response, and reads nothing of it. */
  async function open(): Promise<{ socket: Socket; peer: Socket }> {
    const socket = connect({ path }).pause();
    socket.on('error', () => undefined);
    socket.write(REQUEST);
    const [peer] = (await once(server, 'connection')) as [Socket];
    return { socket, peer };
  }
});
