import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { currentRequestContext, runWithRequestContext } from '../common/request-context.js';
import { type BufferedRequest, sendInProcess } from './in-process-request.js';

const server = createServer();
const GET: BufferedRequest = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) };
const MEGABYTE = Buffer.alloc(1_000_000, 'x');

function send(request: Partial<BufferedRequest>, listener: RequestListener): Promise<IncomingMessage> {
  server.on('request', listener);
  return sendInProcess(server, { ...GET, ...request });
}

/** Sends a GET request. Returns both ends of its response, which the server has yet to write. */
async function open(begin: (sent: ServerResponse) => void) {
  let sent: ServerResponse | undefined;
  const received = await send({}, (_, response) => {
    sent = response;
    begin(response);
  });
  return { received, sent: sent! };
}

describe('sendInProcess', () => {
  afterEach(() => void server.removeAllListeners('request'));

  it('carries method, path, headers and body to the server, and the response back', async () => {
    const body = Buffer.from('{"é":1}');
    const received = await send(
      { method: 'DELETE', url: '/a%20b?c=d', headers: { 'x-one': ['caf\u00e9'], id_token: ['a.b.c'] }, body },
      (request, response) => {
        const { method, url, headers } = request;
        response.writeHead(207, { 'x-two': 'ü' });
        void text(request).then((read) => response.end(JSON.stringify({ method, url, headers, read })));
      },
    );
    expect([received.statusCode, received.headers['x-two']]).toEqual([207, 'ü']);
    expect(JSON.parse(await text(received))).toMatchObject({
      method: 'DELETE',
      url: '/a%20b?c=d',
      headers: { 'x-one': 'caf\u00e9', id_token: 'a.b.c', 'content-length': '8' },
      read: '{"é":1}',
    });
  });

  it('carries each line of a header', async () => {
    const headers = { 'x-one': ['a', 'b'], host: ['here'] };
    const received = await send({ headers }, (request, response) => {
      response.end(JSON.stringify(request.headersDistinct));
    });
    expect(JSON.parse(await text(received))).toEqual({
      'x-one': ['a', 'b'],
      host: ['here'],
      connection: ['close'],
      'content-length': ['0'],
    });
  });

  it.each([
    [{ method: 'HEAD' }, 200],
    [{ method: 'OPTIONS' }, 204],
  ])('ends the response to %j without a body', async (request, status) => {
    const received = await send(request, (_, response) => void response.writeHead(status, { 'x-one': '1' }).end());
    expect([received.statusCode, received.headers['x-one'], await text(received)]).toEqual([status, '1', '']);
  });

  it('returns the response even if the server does not read the body', async () => {
    const received = await send(
      { method: 'POST', body: MEGABYTE },
      (_, response) => void response.writeHead(413).end('no'),
    );
    expect([received.statusCode, await text(received)]).toEqual([413, 'no']);
  });

  it('runs the listener in the context of the request', async () => {
    const ids = ['one', 'two', 'three'].map(async (requestId) => {
      const received = await runWithRequestContext({ requestId }, () =>
        sendInProcess(server, { ...GET, headers: { 'x-id': [requestId] } }),
      );
      return text(received);
    });
    server.on('request', (request, response) => {
      setTimeout(() => response.end(`${request.headers['x-id']} in ${currentRequestContext()?.requestId}`), 5);
    });
    expect(await Promise.all(ids)).toEqual(['one in one', 'two in two', 'three in three']);
  });

  it('gives the server the back-pressure and the events of a socket', async () => {
    const events: string[] = [];
    const { received, sent } = await open((response) => {
      for (const name of ['drain', 'finish', 'close']) response.on(name, () => events.push(name));
      response.flushHeaders();
    });
    expect(sent.writableNeedDrain).toBe(false);
    expect(sent.write(MEGABYTE)).toBe(false);
    expect(sent.writableNeedDrain).toBe(true);
    const reading = text(received);
    await once(sent, 'drain');
    expect(sent.writableNeedDrain).toBe(false);
    sent.end();
    expect(await reading).toHaveLength(MEGABYTE.length);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['drain', 'finish', 'close']);
    expect(sent.writableFinished).toBe(true);
  });

  it('disconnects from the server when the response is destroyed', async () => {
    const { received, sent } = await open((response) => response.write('begun'));
    const closed = once(sent, 'close');
    received.destroy();
    await closed;
    expect(sent.writableFinished).toBe(false);
  });

  it('aborts the response when the server does', async () => {
    const { received, sent } = await open((response) => response.write('begun'));
    setTimeout(() => sent.destroy(), 20);
    await expect(text(received)).rejects.toThrow('aborted');
  });

  it.each([
    ['a header value with a line break', { headers: { 'x-one': ['a\r\nx-two: b'] } }],
    ['an invalid header name', { headers: { 'x one': ['a'] } }],
    ['an invalid method', { method: 'GET / HTTP/1.1' }],
    ['a path with a line break', { url: '/ HTTP/1.1\r\n' }],
  ])('refuses %s', async (_, request) => {
    const sending = send(request, (__, response) => void response.end());
    await expect(sending).rejects.toThrow(/[Ii]nvalid|valid HTTP|unescaped/);
  });
});
