import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sendInProcess } from '../../src/lambda/in-process-request.js';
import { AgentBusyError, AgentFailedError } from '../../src/chat/agent/agent.errors.js';
import type { Reply } from '../../src/chat/service/reply.js';
import { ReplyText } from '../../src/chat/model/reply-text.js';
import { toTurnIds } from '../../src/chat/model/turn-ids.js';
import type { TurnObserver } from '../../src/chat/model/turn-observer.js';
import { setTurnHeaders } from '../../src/chat/api/reply-headers.js';
import { resumeReply, streamReply } from '../../src/chat/api/ui-stream/stream-reply.js';
import type { SilenceTimeouts } from '../../src/http/sse/silence-timeouts.js';

const TIMEOUTS: SilenceTimeouts = { firstByteTimeout: 60, keepAliveInterval: 60 };
const LONG_TIMEOUTS = { firstByteTimeout: 20_000, keepAliveInterval: 20_000 };
const CHAT = { id: 'c', userId: 'u', title: 't', createdAt: 'then', updatedAt: 'now', isRunning: false, messages: [] };
const IDS = toTurnIds('c', 1);
const createReply = (response: string, isReplay = false): Reply => ({
  text: response,
  ids: IDS,
  citations: [],
  reason: 'stop',
  usage: undefined,
  chat: CHAT,
  isReplay,
});

/** Starts a turn without text. @returns a function that adds text to its reply. */
function start(observer: TurnObserver): (text: string) => void {
  const reply = new ReplyText();
  observer.onStart(CHAT, IDS, reply);
  return (text) => {
    reply.append(text);
    observer.onText();
  };
}

describe('resumeReply', () => {
  it.each([
    ['is 204 without a turn', 0, 204, ''],
    ['ends an open stream without an event if no turn was found late', 150, 200, ': keep-alive'],
  ])('%s', async (_, delay, expected, sent) => {
    const server = createServer((_request, response) => {
      void resumeReply(response, () => wait(delay, undefined), { firstByteTimeout: 60, keepAliveInterval: 20_000 });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect([response.status, (await response.text()).trim()]).toEqual([expected, sent]);
    server.closeAllConnections();
    server.close();
  });
});

describe('streamReply', () => {
  let server: Server;
  afterEach(() => {
    Logger.overrideLogger(false);
    server.closeAllConnections();
    server.close();
  });

  /** Serves a turn on a free port. An error that it throws becomes a 500 with its message. @returns the port. */
  async function serve(
    runTurn: (observer: TurnObserver, response: ServerResponse) => Promise<Reply>,
    timeouts = TIMEOUTS,
  ): Promise<number> {
    server = createServer((_, response) => {
      streamReply(response, (observer) => runTurn(observer, response), timeouts).catch((error: Error) => {
        response.writeHead(500).end(error.message);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Lists the types of the events; comments stay as they are. */
  const listEvents = (text: string) =>
    text.split('\n\n').map((block) => /"type":"([\w-]+)"/.exec(block)?.[1] ?? block.replace('data: ', ''));

  const ask = async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  /** Sends a request and reads nothing. */
  const connectTo = (port: number): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    return socket;
  };

  it('sends nothing before the first text, so an early error keeps its status', async () => {
    const port = await serve(
      async (observer) => {
        start(observer);
        await wait(20);
        throw new AgentBusyError();
      },
      { ...TIMEOUTS, firstByteTimeout: 10_000 },
    );
    expect(await ask(port)).toMatchObject({ status: 500, text: 'The agent is busy' });
  });

  it('opens with a comment after the first-byte time-out, and sends a later error in the stream', async () => {
    const port = await serve(async (observer) => {
      start(observer);
      await wait(400);
      throw new AgentBusyError();
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    expect(listEvents(text).slice(0, 3)).toEqual([': keep-alive', 'start', ': keep-alive']);
    expect(listEvents(text).slice(-4)).toEqual(['error', 'finish', '[DONE]', '']);
    expect(text).toContain('"errorText":"The agent is busy"');
  });

  it('counts the first-byte time-out from the request, and sends the start when the turn begins', async () => {
    const port = await serve(async (observer, response) => {
      await wait(150);
      // Too late for headers.
      setTurnHeaders(response, IDS);
      const say = start(observer);
      say('late');
      return createReply('late');
    });
    const { status, headers, text } = await ask(port);
    expect([status, headers.get('turn-id')]).toEqual([200, null]);
    expect(text).toContain(`"messageId":"${IDS.assistant}"`);
    const outline = listEvents(text);
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

  it('sends an error in the open stream if the turn did not begin', async () => {
    const port = await serve(async () => {
      await wait(150);
      throw new AgentBusyError();
    });
    const { status, text } = await ask(port);
    expect(status).toBe(200);
    expect(listEvents(text).slice(-4)).toEqual(['error', 'finish', '[DONE]', '']);
    expect(text).toContain('data: {"type":"finish","finishReason":"error"}\n\n');
  });

  it.each([
    ['leaves the log line of a failure before the first byte to the caller', 0, []],
    ['logs a failure in an open stream once', 150, [{ status: 502, error: { name: 'AgentFailedError' } }]],
  ])('%s', async (_, delay, expected) => {
    const lines: unknown[] = [];
    Logger.overrideLogger({ error: (line: unknown) => void lines.push(line) } as unknown as LoggerService);
    const port = await serve(async () => {
      await wait(delay);
      throw new AgentFailedError();
    });
    await ask(port);
    expect(lines).toMatchObject(expected);
  });

  it('completes a reply without text, and sends no comment after it', async () => {
    const port = await serve(async (observer, response) => {
      start(observer);
      setTimeout(() => response.destroy(), 1000).unref();
      return createReply('');
    });
    const { text } = await ask(port);
    expect(listEvents(text)).toEqual(['start', 'finish', '[DONE]', '']);
  });

  it.each([
    ['before the first byte', 0, 'true', 'start'],
    ['in an open stream', 150, null, ': keep-alive'],
  ])('sends all of a replay %s', async (_, delay, header, first) => {
    const port = await serve(async () => {
      await wait(delay);
      return createReply('again', true);
    });
    const { headers, text } = await ask(port);
    const events = listEvents(text);
    expect([headers.get('idempotency-replayed'), events[0]]).toEqual([header, first]);
    const whole = ['start', 'text-start', 'text-delta', 'text-end', 'finish', '[DONE]', ''];
    expect(events.filter((event) => !event.startsWith(':'))).toEqual(whole);
  });

  it('sends the headers, the start and the first text in a single write', async () => {
    const port = await serve(async (observer) => {
      const say = start(observer);
      say('one');
      await wait(100);
      return createReply('one');
    });
    const socket = connectTo(port);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    const [head, size = '', body] = /^([^]*?\r\n\r\n)([0-9a-f]+)\r\n([^]*)\r\n$/.exec(bytes.toString())!.slice(1);
    expect(head).toContain('HTTP/1.1 200 OK');
    expect(body).toHaveLength(parseInt(size, 16));
    expect(listEvents(body!)).toEqual(['start', 'text-start', 'text-delta', '']);
  });

  it('keeps little memory for clients that do not read, and gives them the whole text later', async () => {
    const [readers, pieces, piece] = [20, 20_000, 'four'];
    const held: number[] = [];
    let hold: () => void = () => undefined;
    const holding = new Promise<void>((resolve) => (hold = resolve));
    await serve(async (observer, response) => {
      const say = start(observer);
      for (let index = 0; index < pieces; index += 1) say(piece);
      held.push(response.writableLength);
      await holding;
      return createReply('');
    });
    // Not over sockets, for which the system may buffer a megabyte each.
    const call = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) };
    const responses = await Promise.all(Array.from({ length: readers }, () => sendInProcess(server, call)));
    // An event for each piece would have 70 bytes, 28 MB in all.
    expect(held.reduce((sum, bytes) => sum + bytes)).toBeLessThan(readers * 50_000);
    hold();
    for (const response of responses) {
      const deltas = [...(await readText(response)).matchAll(/"delta":"(.*?)"/g)].map(([, delta = '']) => delta);
      expect(deltas.join('') === piece.repeat(pieces)).toBe(true);
    }
  });

  it('finishes the turn of a client that disconnects', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const port = await serve(async (observer) => {
      const say = start(observer);
      say('one');
      await wait(200);
      for (let index = 0; index < 10_000; index += 1) say('x'.repeat(1000));
      finish();
      return createReply('');
    });
    const leaving = new AbortController();
    await fetch(`http://127.0.0.1:${port}/`, { signal: leaving.signal });
    leaving.abort();
    await finished;
  });

  it('keeps no timer if the client disconnected before the turn began', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    server = createServer((_, response) => {
      response.once('close', () => {
        const before = timers();
        const runTurn = async (observer: TurnObserver) => {
          const say = start(observer);
          say('one');
          return createReply('one');
        };
        void streamReply(response, runTurn, LONG_TIMEOUTS).then(() => server.emit('finished', timers() - before));
      });
      response.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    connectTo((server.address() as AddressInfo).port);
    expect(await once(server, 'finished')).toEqual([0]);
  });
});
