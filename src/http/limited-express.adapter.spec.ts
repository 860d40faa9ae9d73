import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LimitedExpressAdapter } from './limited-express.adapter.js';

describe('LimitedExpressAdapter', () => {
  let server: Server;
  beforeAll(async () => {
    const sut = new LimitedExpressAdapter({ headers: 300, request: 600, interval: 50 });
    sut.initHttpServer();
    server = sut.getHttpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('does not say what it is made with, not even where Express answers', async () => {
    const { headers, status } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/nowhere`);
    expect(status).toBe(404);
    expect(headers.has('x-powered-by')).toBe(false);
  });

  /** Sends the beginning, then a byte every 50 ms, until it is hung up on. */
  async function crawl(beginning: string): Promise<{ answer: string; milliseconds: number }> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const start = performance.now();
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
    socket.on('error', () => {}).write(beginning);
    const crawling = setInterval(() => socket.write('x'), 50);
    await once(socket, 'close');
    clearInterval(crawling);
    return { answer, milliseconds: performance.now() - start };
  }

  it.each([
    ['headers', 'GET / HTTP/1.1\r\nhost: x\r\nx: ', 300],
    ['a body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n', 600],
  ])('hangs up on a caller who sends %s byte by byte', async (_, beginning, limit) => {
    const { answer, milliseconds } = await crawl(beginning);
    expect(milliseconds).toBeGreaterThan(limit - 50);
    expect(milliseconds).toBeLessThan(limit + 3_000);
    expect(answer).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(answer).toContain('{"error":"Request took too long"}');
  });
});
