import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LimitedExpressAdapter } from '../../src/http/server/limited-express.adapter.js';

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
  async function crawl(
    beginning: string,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<{ answer: string; milliseconds: number }> {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options });
    const start = performance.now();
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
    socket.on('error', () => {}).write(beginning);
    const crawling = setInterval(() => socket.write('x'), 50);
    const enough = setTimeout(() => socket.destroy(), 8_000);
    // Not `once`, which gives up at the error of a write.
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(crawling);
    clearTimeout(enough);
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

  it('cuts the connection of one who crawls on after the answer', async () => {
    const beginning = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n';
    const { answer, milliseconds } = await crawl(beginning, { allowHalfOpen: true });
    expect(answer).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(milliseconds).toBeLessThan(3_600);
  }, 10_000);
});
