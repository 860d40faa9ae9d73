import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Response as HttpResponse } from 'express';
import { AgentBusyError } from './agent/agent.errors.js';
import type { Reply } from './chat.service.js';
import type { TurnObserver } from './turn-observer.js';
import { streamReply, type StreamTimes } from './turn-stream.js';

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

  const ask = async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { status: response.status, text: await response.text() };
  };

  it('sends nothing until the agent has said something', async () => {
    const port = await serve(
      async (turn) => {
        turn.began(CHAT, 'c:1');
        await wait(20);
        throw new AgentBusyError();
      },
      { ...TIMES, openAfter: 10_000 },
    );
    expect(await ask(port)).toEqual({ status: 500, text: 'The agent is busy' });
  });

  it('opens with a comment after a silence, goes on with comments, and tells a later failure in the stream', async () => {
    const port = await serve(async (turn) => {
      turn.began(CHAT, 'c:1');
      await wait(400);
      throw new AgentBusyError();
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    const blocks = text.split('\n\n').map((block) => /"type":"([\w-]+)"/.exec(block)?.[1] ?? block);
    expect(blocks.slice(0, 3)).toEqual(['start', ': keep-alive', ': keep-alive']);
    expect(blocks.slice(-4)).toEqual(['error', 'finish', 'data: [DONE]', '']);
    expect(text).toContain('"errorText":"The agent is busy"');
  });

  it('keeps for a slow reader what it has had no room for, as one text', async () => {
    const piece = 'x'.repeat(1000);
    const port = await serve(
      async (turn) => {
        turn.began(CHAT, 'c:1');
        for (let index = 0; index < 50_000; index += 1) {
          turn.said(piece);
          if (index % 1000 === 0) await wait(1);
        }
        return reply(piece.repeat(50_000));
      },
      { ...TIMES, patience: 60_000 },
    );
    // Held as a whole: fetch cancels the body of a response that nobody refers to any more.
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(200);
    await wait(500);
    let deltas = 0;
    let length = 0;
    const text = await response.text();
    for (const [, json = ''] of text.matchAll(/^data: (\{.*\})$/gm)) {
      const { delta } = JSON.parse(json) as { delta?: string };
      if (delta === undefined) continue;
      deltas += 1;
      length += delta.length;
    }
    expect(length).toBe(50_000_000);
    expect(deltas).toBeLessThan(50_000);
  });

  it('gives up a reader who takes nothing of a finished answer', async () => {
    const port = await serve(async (turn) => {
      turn.began(CHAT, 'c:1');
      for (let index = 0; index < 30; index += 1) turn.said('x'.repeat(1_000_000));
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
      turn.began(CHAT, 'c:1');
      turn.said('one');
      await wait(200);
      for (let index = 0; index < 10_000; index += 1) turn.said('x'.repeat(1000));
      finish();
      return reply('');
    });
    const leaving = new AbortController();
    await fetch(`http://127.0.0.1:${port}/`, { signal: leaving.signal });
    leaving.abort();
    await finished;
  });
});
