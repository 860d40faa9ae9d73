import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';

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
    // These sockets have small buffers. The system may buffer megabytes of a TCP connection.
    front = createServer((socket) => app.nest.getHttpServer().emit('connection', socket)).listen(path);
    await once(front, 'listening');
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
