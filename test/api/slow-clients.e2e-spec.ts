import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { text as readText } from 'node:stream/consumers';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EmulatedBehaviour } from '../../src/local/emulator/behaviour.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { RawReader } from '../support/raw-reader.js';
import { readStream } from '../support/ui-stream.js';
import { tokenOf } from '../support/tokens.js';

const PIECES = Array.from({ length: 3 }, (_, index) => `piece ${index}, `);
const SLOW: EmulatedBehaviour = { type: 'chunks', chunks: PIECES, pauseMs: 15 };
/** start, text-start, the deltas, text-end, finish and [DONE]. */
const EVENTS = PIECES.length + 5;

describe('a client that disconnects', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  interface Stored {
    readonly role: string;
    readonly content: string;
    readonly status?: string;
  }

  /** Returns the stored messages of a turn: sends its key again until the turn has ended. */
  async function storedUnder(key: string): Promise<Stored[]> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const answer = await app.chat({ prompt: 'hello' }, 'alice', { 'idempotency-key': key });
      if (answer.status !== 409) {
        expect(answer.headers['idempotency-replayed']).toBe('true');
        return (answer.body.chat.messages as Stored[]).map(({ role, content, status }) => ({
          role,
          content,
          ...(status && { status }),
        }));
      }
      await wait(50);
    }
    throw new Error('the turn does not end');
  }

  it('leaves the same history as a client that stays, at any event', async () => {
    app.agent.enqueue(SLOW);
    const whole = await readStream(app.url, { prompt: 'hello' }, { headers: { 'idempotency-key': 'stays' } });
    expect(whole.events).toHaveLength(EVENTS - 1);
    const history = await storedUnder('stays');
    expect(history).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: PIECES.join('') },
    ]);

    for (let events = 0; events <= EVENTS; events += 1) {
      app.agent.enqueue(SLOW);
      const calls = app.agent.invocations.length;
      const key = `leaves-${events}`;
      const reader = await RawReader.send(app.url, { prompt: 'hello' }, { 'idempotency-key': key });
      for (let waits = 0; app.agent.invocations.length === calls && waits < 1000; waits += 1) await wait(2);
      await reader.readEvents(events);
      reader.leave();
      expect(await storedUnder(key)).toEqual(history);
      expect(app.agent.invocations).toHaveLength(calls + 1);
      expect(app.agent.invocations.at(-1)?.outcome).toBe('replied');
    }
  });

  it('does not end its turn when the service stops', async () => {
    const ending = await startChatApp();
    ending.agent.enqueue({ type: 'chunks', chunks: PIECES, pauseMs: 100 });
    const reader = await RawReader.send(ending.url, { prompt: 'hello' });
    await reader.readEvents(3);
    reader.leave();
    await wait(50);
    await ending.nest.close();
    expect(ending.agent.invocations.at(-1)?.outcome).toBe('replied');
    const { Items: items = [] } = await ending.table.send(new ScanCommand({ TableName: 'test-chat' }));
    expect(items.filter(({ status }) => status === 'done')).toHaveLength(1);
    await ending.close().catch(() => undefined);
  });
});

/** Listens on a socket of the file system too. It has small buffers; the system may buffer megabytes of a TCP connection. */
async function listenOnSocket(app: ChatApp, path: string): Promise<Server> {
  const front = createServer((socket) => app.nest.getHttpServer().emit('connection', socket)).listen(path);
  await once(front, 'listening');
  return front;
}

describe('clients that read one byte per second', () => {
  const folder = mkdtempSync(join(tmpdir(), 'readers-'));
  const path = join(folder, 'socket');
  let app: ChatApp;
  let front: Server;
  beforeAll(async () => {
    app = await startChatApp({ AGENT_TIMEOUT_MS: '25000' });
    front = await listenOnSocket(app, path);
  });
  afterAll(async () => {
    front.close();
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('delay no turn, use no more memory, and get the complete text', async () => {
    const keys = ['a', 'b'];
    // Not more chunks, because everything runs in this process and nothing may be late.
    const chunks = Array.from({ length: 3_000 }, (_, index) => `${index % 10} `);
    for (const _ of keys) app.agent.enqueue({ type: 'chunks', chunks });
    const responses: ServerResponse[] = [];
    app.nest.getHttpServer().on('request', ({ url }: IncomingMessage, response: ServerResponse) => {
      if (url === '/chat/stream') responses.push(response);
    });
    const readers = await Promise.all(
      keys.map((key) => RawReader.send(path, { prompt: 'hello' }, { 'idempotency-key': key })),
    );
    const crawling = Promise.all(readers.map((reader) => reader.crawl(3)));
    for (const key of keys) expect((await answerTo(key)).body.response === chunks.join('')).toBe(true);
    // All turns are stored, and the clients have read a few bytes.
    for (const reader of readers) expect(reader.text.length).toBeLessThan(20);
    // The rest of the text once, and the buffer that Node fills before it reports a full stream. One event for each
    // chunk would be 140 KB.
    expect(responses).toHaveLength(keys.length);
    for (const { writableLength } of responses) expect(writableLength).toBeLessThan(60_000);
    await crawling;
    for (const reader of readers) {
      await reader.readRest();
      const deltas = [...reader.text.matchAll(/"delta":"([^"]*)"/g)].map(([, delta = '']) => delta);
      expect(deltas.join('') === chunks.join('')).toBe(true);
      expect(reader.text).toContain('data: [DONE]');
    }
  });

  /** Returns the response to the same key, once the turn is stored. */
  async function answerTo(key: string) {
    for (let waits = 0; ; waits += 1) {
      const answer = await app.chat({ prompt: 'hello' }, 'alice', { 'idempotency-key': key });
      if (answer.status !== 409 || waits === 150) return answer;
      await wait(200);
    }
  }
});

const CONNECTIONS = 4;
const AHEAD = 10;
const REPLY = 'x'.repeat(700_000);
/** How long a client may take nothing, in milliseconds. */
const STALL = 1_000;

describe('clients that send requests ahead and read no response', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unread-'));
  const path = join(folder, 'socket');
  let app: ChatApp;
  let front: Server;
  let chatId: string;
  /** Reads of the table, each for one request that is being handled. */
  let reads = 0;

  beforeAll(async () => {
    app = await startChatApp();
    Object.assign(app.nest.getHttpAdapter(), { stall: STALL });
    app.agent.enqueue({ type: 'chunks', chunks: [REPLY] });
    chatId = (await app.chat({ prompt: 'long' }).expect(200)).body.chat.id as string;
    app.nest.get(DynamoDBClient).middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'QueryCommand') reads += 1;
          return next(args);
        },
      { step: 'initialize' },
    );
    front = await listenOnSocket(app, path);
  });
  afterAll(async () => {
    front.close();
    await app.close();
    rmSync(folder, { recursive: true });
  });

  const get = (user = 'alice') => `GET /chats/${chatId} HTTP/1.1\r\nhost: x\r\nid_token: ${tokenOf(user)}\r\n`;

  async function open(text: string): Promise<Socket> {
    const socket = connect({ path }).pause();
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  it('have one request handled on each connection, and others are served', async () => {
    reads = 0;
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(`${get()}\r\n`.repeat(AHEAD))));
    await app.read(chatId).expect(200);
    await wait(500);
    const readsOfOne = await countReadsOfOne();
    expect(reads / readsOfOne).toBe(CONNECTIONS + 2);
    for (const socket of sockets) socket.destroy();
  });

  it('get every response in order, as soon as they read', async () => {
    const socket = await open(`${`${get()}\r\n`.repeat(AHEAD)}${get('bob')}connection: close\r\n\r\n`);
    await wait(200);
    const read = await readText(socket);
    const ids = [...read.matchAll(/\r\nx-request-id: (\S+)/gi)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(AHEAD + 1);
    expect(read.match(/HTTP\/1\.1 \d+/g)).toEqual([...Array<string>(AHEAD).fill('HTTP/1.1 200'), 'HTTP/1.1 404']);
  });

  it.each([
    ['a chat', () => `${get()}\r\n`, ''],
    ['a stream', () => streamOf(`long ${Math.random()}`), ''],
    ['a chat, while they send empty lines', () => `${get()}\r\n`, '\r\n'],
    ['a stream, while they send empty lines', () => streamOf(`long ${Math.random()}`), '\r\n'],
    ['a chat, while they send a request byte by byte', () => `${get()}\r\nGET /`, 'x'],
  ])(
    'are disconnected after a while: %s',
    async (_, text, drip) => {
      const [socket, peer] = await Promise.all([
        open(text()),
        once(front, 'connection').then(([accepted]) => accepted as Socket),
      ]);
      const dripping = setInterval(() => socket.write(drip), STALL / 4);
      const closed = once(peer, 'close');
      await Promise.race([
        closed,
        wait(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error('the connection is still open'))),
      ]).finally(() => clearInterval(dripping));
      expect(await readText(socket).catch(() => '')).not.toContain('[DONE]');
    },
    30_000,
  );

  it('are not disconnected while they wait for the service, nor while they read slowly', async () => {
    app.agent.enqueue({ type: 'delay', milliseconds: 2 * STALL });
    const body = '{"prompt":"patience"}';
    const post = `POST /chat HTTP/1.1\r\nhost: x\r\nid_token: ${tokenOf('alice')}\r\ncontent-type: application/json\r\n`;
    const waiting = await open(`${post}connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const slow = await open(`${get()}connection: close\r\n\r\n`);
    const crawl = async () => {
      let read = '';
      for await (const piece of slow.setEncoding('latin1')) {
        read += piece as string;
        if (read.length < REPLY.length) await wait(STALL / 8);
      }
      return read;
    };
    const [whole, crawled] = await Promise.all([readText(waiting), crawl()]);
    expect(whole).toMatch(/^HTTP\/1\.1 200 /);
    expect(crawled).toContain(REPLY);
  }, 30_000);

  async function countReadsOfOne(): Promise<number> {
    const before = reads;
    await app.read(chatId).expect(200);
    return reads - before;
  }

  /** A turn whose reply is larger than all buffers. */
  function streamOf(prompt: string): string {
    app.agent.enqueue({ type: 'chunks', chunks: Array<string>(40).fill('y'.repeat(20_000)) });
    const body = JSON.stringify({ prompt });
    const head = `POST /chat/stream HTTP/1.1\r\nhost: x\r\nid_token: ${tokenOf('alice')}\r\n`;
    return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }
});
