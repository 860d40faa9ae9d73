import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedBehaviour } from '../../src/local/emulator/behaviour.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { RawReader } from '../support/raw-reader.js';
import { readStream } from '../support/ui-stream.js';

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

describe('clients that read one byte per second', () => {
  const folder = mkdtempSync(join(tmpdir(), 'readers-'));
  const path = join(folder, 'socket');
  let app: ChatApp;
  let front: Server;
  beforeAll(async () => {
    app = await startChatApp({ AGENT_TIMEOUT_MS: '25000' });
    // These sockets have small buffers. The system may buffer megabytes of a TCP connection.
    front = createServer((socket) => app.nest.getHttpServer().emit('connection', socket)).listen(path);
    await once(front, 'listening');
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
