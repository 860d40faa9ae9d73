import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Express, Request } from 'express';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Connections } from '../../src/http/server/connections.js';
import { LimitedExpressAdapter } from '../../src/http/server/limited-express.adapter.js';

/** A read of a socket has at most these bytes. */
const ONE_READ = 65_536;

describe('requests that are sent ahead of responses', () => {
  let server: Server;
  /** The requests that were handled, by their number. */
  let handled: string[];
  let held: ServerResponse[];
  let peer: Promise<Socket>;
  let connections: Connections;

  beforeEach(async () => {
    handled = [];
    held = [];
    const sut = new LimitedExpressAdapter();
    sut.getInstance<Express>().all('/:number', (request: Request, response) => {
      handled.push(String(request.params['number']));
      held.push(response);
    });
    sut.initHttpServer();
    connections = new Connections(sut.getHttpServer());
    server = sut.getHttpServer().listen(0, '127.0.0.1');
    peer = once(server, 'connection').then(([socket]) => socket as Socket);
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function send(text: string): Socket {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined).write(text);
    return socket;
  }
  const get = (number: number, ...headers: string[]) =>
    [`GET /${number} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n');
  const many = (count: number, ...headers: string[]) =>
    Array.from({ length: count }, (_, number) => get(number, ...headers)).join('');
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => String(number));

  async function untilHandled(count: number): Promise<ServerResponse> {
    for (let waits = 0; handled.length < count && waits < 1_000; waits += 1) await wait(2);
    return held[count - 1]!;
  }

  it('are handled one after the other, in their order, however many they are', async () => {
    const count = 300;
    const read = readText(send(many(count) + get(count, 'connection: close')));
    for (let number = 0; number <= count; number += 1) {
      const response = await untilHandled(number + 1);
      expect(handled).toEqual(numbers(number + 1));
      response.end(`<${number}>`);
    }
    expect((await read).match(/<\d+>/g)).toEqual(numbers(count + 1).map((number) => `<${number}>`));
  });

  it('are read no further while some of them wait', async () => {
    const socket = send(many(20));
    await untilHandled(1);
    await wait(50);
    const { bytesRead } = await peer;
    socket.write(many(100, `x: ${'x'.repeat(10_000)}`));
    await wait(200);
    expect((await peer).bytesRead).toBe(bytesRead);
    // The first ones make room for others.
    for (let number = 0; number < 10; number += 1) (await untilHandled(number + 1)).end();
    await untilHandled(11);
    await wait(50);
    expect((await peer).bytesRead).toBeGreaterThan(bytesRead);
    expect((await peer).bytesRead).toBeLessThan(bytesRead + 10 * ONE_READ);
  });

  it('are not handled behind a response that closes the connection', async () => {
    const read = readText(send(many(3)));
    (await untilHandled(1)).setHeader('connection', 'close').end('last');
    expect(await read).toMatch(/last$/);
    expect(handled).toEqual(['0']);
  });

  it.each(['before', 'after'])('are not handled once the server shuts down: sent %s it', async (when) => {
    const socket = send(when === 'before' ? many(3) : get(0));
    const read = readText(socket);
    const response = await untilHandled(1);
    await wait(50);
    const cancelGrace = connections.drain(10_000);
    if (when === 'after') socket.write(many(3));
    await wait(50);
    response.end(`whole${'x'.repeat(ONE_READ)}`);
    expect(await read).toMatch(/whole(x{65536})$/);
    expect(handled).toEqual(['0']);
    cancelGrace();
  });

  it('are not handled once their client has gone', async () => {
    const socket = send(many(3));
    const response = await untilHandled(1);
    socket.resetAndDestroy();
    await once(response, 'close');
    await wait(50);
    expect(handled).toEqual(['0']);
  });

  it('close the connection if one read has thousands of them', async () => {
    const socket = send('GET /0 HTTP/1.1\r\nhost:x\r\n\r\n'.repeat(3_000)).resume();
    // Not by `once`, which rejects when the connection is reset.
    await new Promise((resolve) => socket.once('close', resolve));
    expect(handled).toEqual(['0']);
  });
});
