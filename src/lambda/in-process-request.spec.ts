import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { currentRequestContext, runWithRequestContext } from '../common/request-context.js';
import { sendInProcess, type WholeRequest } from './in-process-request.js';

const server = createServer();
const GET: WholeRequest = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) };
const MEGABYTE = Buffer.alloc(1_000_000, 'x');

function ask(request: Partial<WholeRequest>, listener: RequestListener) {
  server.on('request', listener);
  return sendInProcess(server, { ...GET, ...request });
}

describe('requestInProcess', () => {
  afterEach(() => void server.removeAllListeners('request'));

  it('carries method, path, headers and body, and the answer back', async () => {
    const body = Buffer.from('{"é":1}');
    const answer = await ask(
      { method: 'DELETE', url: '/a%20b?c=d', headers: { 'x-one': 'caf\u00e9', id_token: 'a.b.c' }, body },
      (request, response) => {
        const { method, url, headers } = request;
        response.writeHead(207, { 'x-two': 'ü' });
        void text(request).then((said) => response.end(JSON.stringify({ method, url, headers, said })));
      },
    );
    expect([answer.statusCode, answer.headers['x-two']]).toEqual([207, 'ü']);
    expect(JSON.parse(await text(answer))).toMatchObject({
      method: 'DELETE',
      url: '/a%20b?c=d',
      headers: { 'x-one': 'caf\u00e9', id_token: 'a.b.c', 'content-length': '8' },
      said: '{"é":1}',
    });
  });

  it('leaves out what was said of another connection', async () => {
    const headers = {
      connection: 'upgrade',
      'content-length': '1',
      expect: '100-continue',
      'transfer-encoding': 'chunked',
      upgrade: 'websocket',
    };
    const answer = await ask({ method: 'POST', headers, body: Buffer.from('whole') }, (request, response) => {
      void text(request).then((said) => response.end(JSON.stringify([said, request.headers])));
    });
    expect(JSON.parse(await text(answer))).toEqual([
      'whole',
      { host: 'localhost:80', connection: 'close', 'content-length': '5' },
    ]);
  });

  it.each([
    [{ method: 'HEAD' }, 200],
    [{ method: 'OPTIONS' }, 204],
  ])('ends an answer to %j without a body', async (request, status) => {
    const answer = await ask(request, (_, response) => void response.writeHead(status, { 'x-one': '1' }).end());
    expect([answer.statusCode, answer.headers['x-one'], await text(answer)]).toEqual([status, '1', '']);
  });

  it('takes a body that nobody reads', async () => {
    const answer = await ask(
      { method: 'POST', body: MEGABYTE },
      (_, response) => void response.writeHead(413).end('no'),
    );
    expect([answer.statusCode, await text(answer)]).toEqual([413, 'no']);
  });

  it('runs the listener in the context of the request', async () => {
    const ids = ['one', 'two', 'three'].map(async (requestId) => {
      const answer = await runWithRequestContext({ requestId }, () =>
        sendInProcess(server, { ...GET, headers: { 'x-id': requestId } }),
      );
      return text(answer);
    });
    server.on('request', (request, response) => {
      setTimeout(() => response.end(`${request.headers['x-id']} in ${currentRequestContext()?.requestId}`), 5);
    });
    expect(await Promise.all(ids)).toEqual(['one in one', 'two in two', 'three in three']);
  });

  it('says that it is full and that it is not, and how it ended, as a socket does', async () => {
    const events: string[] = [];
    let response: ServerResponse | undefined;
    const answer = await ask({}, (_, its) => {
      response = its;
      for (const name of ['drain', 'finish', 'close']) its.on(name, () => events.push(name));
      its.flushHeaders();
    });
    expect(response?.writableNeedDrain).toBe(false);
    expect(response?.write(MEGABYTE)).toBe(false);
    expect(response?.writableNeedDrain).toBe(true);
    const reading = text(answer);
    await once(response!, 'drain');
    expect(response?.writableNeedDrain).toBe(false);
    response?.end();
    expect(await reading).toHaveLength(MEGABYTE.length);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['drain', 'finish', 'close']);
    expect(response?.writableFinished).toBe(true);
  });

  it('is, when the answer is destroyed, a caller who has left', async () => {
    let response: ServerResponse | undefined;
    const answer = await ask({}, (_, its) => {
      response = its;
      its.write('begun');
    });
    const closed = once(response!, 'close');
    answer.destroy();
    await closed;
    expect(response?.writableFinished).toBe(false);
  });

  it('breaks the answer off where the server does', async () => {
    const answer = await ask({}, (_, response) => {
      response.write('begun');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(text(answer)).rejects.toThrow('aborted');
  });

  it.each([
    ['a header that ends the line', { headers: { 'x-one': 'a\r\nx-two: b' } }],
    ['a header with a name that is none', { headers: { 'x one': 'a' } }],
    ['a method that is none', { method: 'GET / HTTP/1.1' }],
    ['a path that ends the line', { url: '/ HTTP/1.1\r\n' }],
  ])('refuses %s', async (_, request) => {
    const answer = ask(request, (__, response) => void response.end());
    await expect(answer).rejects.toThrow(/[Ii]nvalid|valid HTTP|unescaped/);
  });
});
