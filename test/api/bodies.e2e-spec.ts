import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BodyMemory } from '../../src/http/body/body-memory.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { sendRaw } from '../support/raw-http.js';
import { itEachTogether } from '../support/together.js';
import { tokenOf } from '../support/tokens.js';

const NO_TOKEN = JSON.stringify({ error: 'Invalid id_token: token is missing' });
const ROUTES = ['POST /chat', 'POST /chat/stream', 'PATCH /chats/some'];
const BODIES: readonly (readonly [string, string])[] = [
  ['is never sent', 'content-length: 1000\r\n\r\n'],
  ['stops before its end', `content-length: 262144\r\n\r\n${'x'.repeat(262_143)}`],
  ['has no end in sight', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ['is no JSON', 'connection: close\r\ncontent-length: 1\r\n\r\n{'],
];
/** What all bodies may hold: two or three of 150 000 bytes. */
const LIMIT = 600_000;
/** Whole bodies have these bytes. */
const BODY = '{"prompt":"sent slowly"}';

describe('bodies', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const head = (line: string, ...headers: string[]) =>
    [`${line} HTTP/1.1`, 'host: x', 'content-type: application/json', ...headers].join('\r\n');

  function open(
    text: string,
    options: { allowHalfOpen?: boolean } = {},
  ): {
    readonly socket: Socket;
    readonly closed: Promise<unknown>;
    readonly until: (pattern: RegExp) => Promise<string>;
  } {
    const { hostname, port } = new URL(app.url);
    const socket = connect({ port: Number(port), host: hostname, ...options });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    let read = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (read += piece));
    socket.write(text);
    const until = async (pattern: RegExp) => {
      const longest = AbortSignal.timeout(10_000);
      while (!pattern.test(read) && !socket.destroyed && !longest.aborted) await wait(5);
      return read;
    };
    return { socket, closed, until };
  }

  describe('without a token', () => {
    const cases = ROUTES.flatMap((line) => BODIES.map(([name, text]) => ({ line, name, text })));
    itEachTogether(cases, 'are refused as soon as the headers are there: $line that $name', async ({ line, text }) => {
      const { closed, until } = open(`${head(line)}\r\n${text}`);
      const answer = await until(/\}$/);
      expect(answer).toMatch(/^HTTP\/1\.1 401 /);
      expect(answer.endsWith(NO_TOKEN)).toBe(true);
      await closed;
    });

    it('leave the connection to the next request, if they arrive in the end', async () => {
      const { socket, until } = open(`${head('POST /chat')}\r\ncontent-length: ${BODY.length}\r\n\r\n`);
      await until(/\}$/);
      await wait(100);
      socket.write(`${BODY}${head('GET /chats/none', `id_token: ${tokenOf('alice')}`)}\r\n\r\n`);
      const both = await until(/Chat not found/);
      expect(both.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 404']);
      socket.destroy();
    });

    it('do not take the response from a client that reads it late', async () => {
      const { hostname, port } = new URL(app.url);
      const socket = connect(Number(port), hostname).pause();
      const errors: Error[] = [];
      socket.on('error', (error) => errors.push(error));
      socket.write(`${head('POST /chat', 'transfer-encoding: chunked')}\r\n\r\n`);
      for (let piece = 0; piece < 10; piece += 1) {
        socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
        await wait(20);
      }
      expect(errors).toEqual([]);
      let answer = '';
      socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
      socket.resume();
      await once(socket, 'end');
      expect(answer.endsWith(NO_TOKEN)).toBe(true);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      socket.destroy();
    });

    it('take the requests behind them along, if the connection closes', async () => {
      const calls = app.agent.invocations.length;
      const { socket, until } = open(`${head('POST /chat', 'transfer-encoding: chunked')}\r\n\r\n`, {
        allowHalfOpen: true,
      });
      await until(/\}$/);
      const turn = head('POST /chat', `id_token: ${tokenOf('alice')}`, `content-length: ${BODY.length}`);
      socket.write(`0\r\n\r\n${turn}\r\n\r\n${BODY}`);
      await wait(500);
      expect(app.agent.invocations).toHaveLength(calls);
      socket.destroy();
    });

    it('change nothing for routes that need no token, nor for unknown routes', async () => {
      const text = `\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello`;
      expect(await sendRaw(app.url, `GET /health HTTP/1.1\r\nhost: x${text}`)).toMatch(/^HTTP\/1\.1 200 /);
      expect(await sendRaw(app.url, `POST /nowhere HTTP/1.1\r\nhost: x${text}`)).toMatch(/^HTTP\/1\.1 404 /);
    });
  });

  describe('that are being read', () => {
    const token = `id_token: ${tokenOf('alice')}`;
    const post = (...headers: string[]) => head('POST /chat', token, ...headers);
    const unfinished = () => open(`${post('content-length: 160000')}\r\n\r\n${' '.repeat(150_000)}`);
    const unfinishedStream = () => {
      const stream = head('POST /chat/stream', token, 'content-length: 1048576');
      return open(`${stream}\r\n\r\n${' '.repeat(1_000_000)}`);
    };

    it.each([
      ['POST /chat', unfinished, LIMIT],
      ['POST /chat/stream', unfinishedStream, 7 * LIMIT],
    ])('have a bound for all together: the one that began first is given up: %s', async (_, begin, limit) => {
      Object.assign(app.nest.get(BodyMemory, { strict: false }), { limit });
      const first = begin();
      await wait(50);
      const later = Array.from({ length: 5 }, begin);
      const answer = await first.until(/\}$/);
      expect(answer).toMatch(/^HTTP\/1\.1 503 /);
      expect(answer).toMatch(/\r\nretry-after: 1\r\n/i);
      expect(answer).toMatch(/\{"error":"The service is busy","message":"Try again; request id [\w-]+"\}$/);
      // A client that sends its body at once gets a response all the same.
      await app.chat({ prompt: 'x'.repeat(30_000) }).expect(200);
      for (const { socket } of [first, ...later]) socket.destroy();
    });

    it('are given up only of the user that holds most, however many begin', async () => {
      Object.assign(app.nest.get(BodyMemory, { strict: false }), { limit: LIMIT });
      const text = JSON.stringify({ prompt: 'x'.repeat(24_000) });
      const length = `content-length: ${text.length}`;
      const slow = open(`${head('POST /chat', `id_token: ${tokenOf('bob')}`, length)}\r\n\r\n${text.slice(0, 9_000)}`);
      await wait(50);
      const first = unfinished();
      await wait(50);
      const later = Array.from({ length: 8 }, unfinished);
      expect(await first.until(/\}$/)).toMatch(/^HTTP\/1\.1 503 /);
      slow.socket.write(text.slice(9_000, 18_000));
      later.push(...Array.from({ length: 8 }, unfinished));
      await later[0]!.until(/\}$/);
      slow.socket.write(text.slice(18_000));
      expect(await slow.until(/\}$/)).toMatch(/^HTTP\/1\.1 200 /);
      for (const { socket } of [slow, first, ...later]) socket.destroy();
    });

    it('leave the bound when they are complete, refused, or left by their clients', async () => {
      Object.assign(app.nest.get(BodyMemory, { strict: false }), { limit: LIMIT });
      for (let round = 0; round < 5; round += 1) {
        await app.chat({ prompt: 'x'.repeat(30_000) }).expect(200);
        await app.chat({ prompt: 'x'.repeat(90_000) }).expect(400);
        await sendRaw(app.url, `${post('transfer-encoding: chunked')}\r\n\r\n50000\r\n${' '.repeat(0x50000)}\r\n`);
        const { socket } = unfinished();
        await wait(20);
        socket.resetAndDestroy();
      }
      const kept = unfinished();
      await wait(50);
      kept.socket.write('x'.repeat(10_000));
      expect(await kept.until(/\}$/)).toMatch(/^HTTP\/1\.1 400 /);
      kept.socket.destroy();
    });

    it('hold as much as they have bytes, in however many chunks they come', async () => {
      Object.assign(app.nest.get(BodyMemory, { strict: false }), { limit: LIMIT });
      const { socket, until } = open(`${post('transfer-encoding: chunked')}\r\n\r\n`);
      for (const byte of BODY) socket.write(`1\r\n${byte}\r\n`);
      socket.write(`${'1\r\n \r\n'.repeat(50_000)}0\r\n\r\n`);
      expect(await until(/\}$/)).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    });
  });
});
