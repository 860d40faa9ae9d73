import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LimitedExpressAdapter } from '../../src/http/server/limited-express.adapter.js';

const TIMES = { headers: 300, request: 600, interval: 50, linger: 400 };
/** Longer than all other times together. */
const KEEP_ALIVE = 3_000;
/** A machine under load may take longer than the limits say. */
const SLACK_MILLISECONDS = 3_000;

describe('LimitedExpressAdapter', () => {
  let server: Server;
  beforeAll(async () => {
    const sut = new LimitedExpressAdapter(TIMES);
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

  const port = () => (server.address() as AddressInfo).port;

  it('does not name the framework, not even in responses of Express itself', async () => {
    const { headers, status } = await fetch(`http://127.0.0.1:${port()}/nowhere`);
    expect(status).toBe(404);
    expect(headers.has('x-powered-by')).toBe(false);
  });

  it('keeps idle connections longer than load balancers do, which is 60 s', async () => {
    expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
    const { headers } = await fetch(`http://127.0.0.1:${port()}/nowhere`);
    expect(headers.get('keep-alive')).toBe('timeout=75');
  });

  it('keeps them beyond the times for headers and requests, and closes them after its own time', async () => {
    const sut = new LimitedExpressAdapter({ ...TIMES, keepAlive: KEEP_ALIVE });
    sut.initHttpServer();
    const other = sut.getHttpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const socket = connect((other.address() as AddressInfo).port, '127.0.0.1');
    let response = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (response += piece));
    const closed = once(socket, 'close');
    const ask = async () => {
      response = '';
      socket.write('GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n');
      while (!response.includes('</html>')) await once(socket, 'data');
      return response;
    };
    expect(await ask()).toContain('HTTP/1.1 404 ');
    await wait(TIMES.headers + TIMES.request + 3 * TIMES.interval);
    expect(await ask()).toContain('HTTP/1.1 404 ');
    const idleSince = performance.now();
    await closed;
    expect(performance.now() - idleSince).toBeGreaterThan(KEEP_ALIVE - 50);
    expect(response).not.toContain(' 408 ');
    other.close();
  });

  it('closes the connection of a client that takes nothing of a response for a minute', async () => {
    expect(new LimitedExpressAdapter().stall).toBe(60_000);
    const stall = 600;
    const sut = new LimitedExpressAdapter({ ...TIMES, stall });
    sut.getInstance<Express>().get('/large', (_, response) => void response.end(Buffer.alloc(50_000_000)));
    sut.initHttpServer();
    const other = sut.getHttpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const socket = connect((other.address() as AddressInfo).port, '127.0.0.1').pause();
    socket.on('error', () => {}).write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
    const [peer] = (await once(other, 'connection')) as [Socket];
    const since = performance.now();
    await once(peer, 'close');
    expect(performance.now() - since).toBeGreaterThan(stall / 2);
    expect(performance.now() - since).toBeLessThan(stall + SLACK_MILLISECONDS);
    socket.destroy();
    other.close();
  });

  interface Crawl {
    readonly response: string;
    /** When the server ended its side, since the beginning. */
    readonly endedAfter: number;
    readonly closedAfter: number;
  }

  /** Sends the beginning, then a byte every 50 ms, until the connection closes. */
  async function crawl(beginning: string, options: { allowHalfOpen?: boolean } = {}): Promise<Crawl> {
    const socket = connect({ port: port(), host: '127.0.0.1', ...options });
    const start = performance.now();
    let response = '';
    let endedAfter = Infinity;
    socket.setEncoding('utf8').on('data', (piece: string) => (response += piece));
    socket.on('end', () => (endedAfter = performance.now() - start));
    socket.on('error', () => {}).write(beginning);
    const crawling = setInterval(() => socket.write('x'), 50);
    const enough = setTimeout(() => socket.destroy(), 8_000);
    // Not `once`, which rejects when a write fails.
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(crawling);
    clearTimeout(enough);
    return { response, endedAfter, closedAfter: performance.now() - start };
  }

  it.each([
    ['headers', 'GET / HTTP/1.1\r\nhost: x\r\nx: ', TIMES.headers],
    ['a body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n', TIMES.request],
  ])('closes the connection of a client that sends %s byte by byte', async (_, beginning, limit) => {
    const { response, closedAfter } = await crawl(beginning);
    expect(closedAfter).toBeGreaterThan(limit - 50);
    expect(closedAfter).toBeLessThan(limit + SLACK_MILLISECONDS);
    expect(response).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(response).toContain('{"error":"Request took too long"}');
  });

  it('closes the connection of a client that goes on sending after the response', async () => {
    const beginning = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n';
    const { response, endedAfter, closedAfter } = await crawl(beginning, { allowHalfOpen: true });
    expect(response).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(closedAfter - endedAfter).toBeGreaterThan(TIMES.linger / 2);
    expect(closedAfter).toBeLessThan(TIMES.request + TIMES.linger + SLACK_MILLISECONDS);
  }, 10_000);
});
