import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Response as HttpResponse } from 'express';
import { sendInProcess } from '../../src/lambda/in-process-request.js';
import { AgentBusyError } from '../../src/chat/agent/agent.errors.js';
import type { Reply } from '../../src/chat/service/reply.js';
import type { TurnObserver } from '../../src/chat/model/turn-observer.js';
import { streamReply, type StreamTimes } from '../../src/chat/api/ui-stream/ui-stream-writer.js';

const TIMES: StreamTimes = { openAfter: 60, keepAlive: 60, patience: 300 };
const CHAT = { id: 'c', userId: 'u', title: 't', createdAt: 'then', updatedAt: 'now', messages: [] };
const reply = (response: string): Reply => ({
  response,
  messageId: 'c:1',
  citations: [],
  chat: CHAT,
  isReplay: false,
});

describe('streamReply', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Serves one turn on a port of its own; what it throws becomes a 500 with its message. */
  async function serve(work: (turn: TurnObserver, response: HttpResponse) => Promise<Reply>, times = TIMES) {
    server = createServer((_, response) => {
      const http = response as HttpResponse;
      streamReply(http, (observer) => work(observer, http), times).catch((error: Error) => {
        response.writeHead(500).end(error.message);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** The types of the events, and comments as they are. */
  const outlineOf = (text: string) =>
    text.split('\n\n').map((block) => /"type":"([\w-]+)"/.exec(block)?.[1] ?? block.replace('data: ', ''));

  const ask = async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { status: response.status, text: await response.text() };
  };

  it('sends nothing until the agent has said something', async () => {
    const port = await serve(
      async (turn) => {
        turn.onStart(CHAT, 'c:1');
        await wait(20);
        throw new AgentBusyError();
      },
      { ...TIMES, openAfter: 10_000 },
    );
    expect(await ask(port)).toEqual({ status: 500, text: 'The agent is busy' });
  });

  it('opens with a comment after a silence, goes on with comments, and tells a later failure in the stream', async () => {
    const port = await serve(async (turn) => {
      turn.onStart(CHAT, 'c:1');
      await wait(400);
      throw new AgentBusyError();
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    expect(outlineOf(text).slice(0, 3)).toEqual([': keep-alive', 'start', ': keep-alive']);
    expect(outlineOf(text).slice(-4)).toEqual(['error', 'finish', '[DONE]', '']);
    expect(text).toContain('"errorText":"The agent is busy"');
  });

  it('counts the silence from the request, and names the turn once it has begun', async () => {
    const port = await serve(async (turn) => {
      await wait(150);
      turn.onStart(CHAT, 'c:1');
      turn.onText('late');
      return reply('late');
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    const outline = outlineOf(text);
    expect(outline.slice(0, 2)).toEqual([': keep-alive', ': keep-alive']);
    expect(outline.filter((block) => !block.startsWith(':'))).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
      '[DONE]',
      '',
    ]);
  });

  it('tells in the stream, after a silence, that the turn has not even begun', async () => {
    const port = await serve(async () => {
      await wait(150);
      throw new AgentBusyError();
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    expect(outlineOf(text).slice(-4)).toEqual(['error', 'finish', '[DONE]', '']);
    expect(text).toContain('data: {"type":"finish","finishReason":"error"}\n\n');
  });

  it('sends all of a reply without a text, and no comment after it', async () => {
    const port = await serve(async (turn, response) => {
      turn.onStart(CHAT, 'c:1');
      setTimeout(() => response.destroy(), 1000).unref();
      return reply('');
    });
    const { text } = await ask(port);
    expect(outlineOf(text)).toEqual(['start', 'finish', '[DONE]', '']);
  });

  it('sends the head, the start and the first words in one piece', async () => {
    const port = await serve(async (turn) => {
      turn.onStart(CHAT, 'c:1');
      turn.onText('one');
      await wait(100);
      return reply('one');
    });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    const [head, size = '', body] = /^([^]*?\r\n\r\n)([0-9a-f]+)\r\n([^]*)\r\n$/.exec(bytes.toString())!.slice(1);
    expect(head).toContain('HTTP/1.1 200 OK');
    expect(body).toHaveLength(parseInt(size, 16));
    expect(outlineOf(body!)).toEqual(['start', 'text-start', 'text-delta', '']);
  });

  it('lets nothing grow behind readers who take nothing, and has the whole text for them in the end', async () => {
    const [readers, pieces, piece] = [20, 20_000, 'four'];
    const held: number[] = [];
    let hold: () => void = () => undefined;
    const holding = new Promise<void>((resolve) => (hold = resolve));
    await serve(async (turn, response) => {
      turn.onStart(CHAT, 'c:1');
      for (let index = 0; index < pieces; index += 1) turn.onText(piece);
      held.push(response.writableLength);
      await holding;
      return reply('');
    });
    // Not over sockets, of whose bytes the system may hold a megabyte each.
    const call = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) };
    const answers = await Promise.all(Array.from({ length: readers }, () => sendInProcess(server, call)));
    // Each piece for itself would be 70 bytes: 28 MB for all of them.
    expect(held.reduce((sum, bytes) => sum + bytes)).toBeLessThan(readers * 50_000);
    hold();
    for (const answer of answers) {
      const deltas = [...(await readText(answer)).matchAll(/"delta":"(.*?)"/g)].map(([, delta = '']) => delta);
      expect(deltas.join('') === piece.repeat(pieces)).toBe(true);
    }
  });

  it('gives up a reader who takes nothing of a finished answer', async () => {
    const port = await serve(async (turn) => {
      turn.onStart(CHAT, 'c:1');
      for (let index = 0; index < 30; index += 1) turn.onText('x'.repeat(1_000_000));
      return reply('');
    });
    const socket: Socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    const [, response] = (await once(server, 'request')) as [unknown, HttpResponse];
    await once(response, 'close');
    let taken = '';
    socket.on('data', (bytes) => (taken += bytes.toString()));
    await once(socket, 'close');
    expect(taken).toContain('"type":"text-start"');
    expect(taken).not.toContain('[DONE]');
  });

  it('goes on without a reader who has left', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const port = await serve(async (turn) => {
      turn.onStart(CHAT, 'c:1');
      turn.onText('one');
      await wait(200);
      for (let index = 0; index < 10_000; index += 1) turn.onText('x'.repeat(1000));
      finish();
      return reply('');
    });
    const leaving = new AbortController();
    await fetch(`http://127.0.0.1:${port}/`, { signal: leaving.signal });
    leaving.abort();
    await finished;
  });

  it('keeps no timer for a reader who has left before the turn was asked for', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    server = createServer((_, response) => {
      response.once('close', () => {
        const before = timers();
        const work = async (turn: TurnObserver) => {
          turn.onStart(CHAT, 'c:1');
          turn.onText('one');
          return reply('one');
        };
        const long = { openAfter: 20_000, keepAlive: 20_000, patience: 20_000 };
        void streamReply(response as HttpResponse, work, long).then(() => server.emit('told', timers() - before));
      });
      response.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    expect(await once(server, 'told')).toEqual([0]);
  });
});
