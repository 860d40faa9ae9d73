import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedBehaviour } from '../src/local/emulated-behaviour.js';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import { RawReader } from './support/raw-reader.js';
import { readStream } from './support/ui-stream.js';

const PIECES = Array.from({ length: 8 }, (_, index) => `piece ${index}, `);
const SLOW: EmulatedBehaviour = { type: 'chunks', chunks: PIECES, pauseMs: 15 };
/** start, text-start, the deltas, text-end, finish and [DONE]. */
const EVENTS = PIECES.length + 5;

describe('a reader who leaves', () => {
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

  /** What is stored of the turn, by asking again under its key until it has ended. */
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

  it('at any event leaves the same history as one who stays', async () => {
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
      expect(app.agent.invocations.at(-1)?.outcome).toBe('answered');
    }
  }, 60_000);

  it('is waited for by a service that ends', async () => {
    const ending = await startChatApp();
    ending.agent.enqueue({ type: 'chunks', chunks: PIECES, pauseMs: 100 });
    const reader = await RawReader.send(ending.url, { prompt: 'hello' });
    await reader.readEvents(3);
    reader.leave();
    await wait(50);
    await ending.nest.close();
    expect(ending.agent.invocations.at(-1)?.outcome).toBe('answered');
    const { Items: items = [] } = await ending.table.send(new ScanCommand({ TableName: 'test-chat' }));
    expect(items.filter(({ status }) => status === 'done')).toHaveLength(1);
    await ending.close().catch(() => undefined);
  });
});

describe('a reader of one byte per second', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ AGENT_TIMEOUT_MS: '25000' });
  });
  afterAll(() => app.close());

  it('neither holds the turn nor lets the memory grow, and has the whole text in the end', async () => {
    const chunks = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(89, '0') + ' ');
    app.agent.enqueue({ type: 'chunks', chunks });
    let response: ServerResponse | undefined;
    app.nest.getHttpServer().once('request', (_, its: ServerResponse) => (response = its));
    const reader = await RawReader.send(app.url, { prompt: 'hello' }, { 'idempotency-key': 'slow' });
    let mostBuffered = 0;
    const watch = setInterval(() => (mostBuffered = Math.max(mostBuffered, response?.writableLength ?? 0)), 5);
    watch.unref();
    const crawling = reader.crawl(6);

    let answer = await app.chat({ prompt: 'hello' }, 'alice', { 'idempotency-key': 'slow' });
    for (let waits = 0; answer.status === 409 && waits < 100; waits += 1) {
      await wait(200);
      answer = await app.chat({ prompt: 'hello' }, 'alice', { 'idempotency-key': 'slow' });
    }
    expect(answer.status).toBe(200);
    expect(answer.body.response === chunks.join('')).toBe(true);
    // Stored, and the reader has had a few bytes.
    expect(reader.text.length).toBeLessThan(20);
    await crawling;
    await reader.readRest();
    clearInterval(watch);
    const deltas = [...reader.text.matchAll(/"delta":"([^"]*)"/g)].map(([, delta = '']) => delta);
    expect(deltas.join('') === chunks.join('')).toBe(true);
    expect(reader.text).toContain('data: [DONE]');
    // What is left of the answer, once, and what Node keeps before it says that it is full.
    expect(mostBuffered).toBeLessThan(2_000_000);
  }, 60_000);
});
