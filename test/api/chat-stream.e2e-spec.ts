import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { DIRECTED_FAULTS, isLate, LATE_DEADLINE } from '../support/fault-matrix.js';
import type { FaultCase } from '../support/fault-rows.js';
import { holdAgent } from '../support/held-agent.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { itEachTogether } from '../support/together.js';
import { BROKEN, readStream, WHOLE } from '../support/ui-stream.js';

/**
 * One row for each kind of fault, place and result. The exceptions of a result take the same way to a stream. A reply that is
 * too large has a test of its own.
 */
const FAULTS = [
  ...new Map(
    DIRECTED_FAULTS.filter(({ fault }) => fault !== 'a reply over 1 MB').map((row) => [
      [row.place, row.status, row.directive.split(' ')[1]].join(' '),
      row,
    ]),
  ).values(),
];

describe('POST /chat/stream', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const stored = async (id: string) => (await app.read(id).expect(200)).body.chat;

  it('streams the reply and the chat in the documented form', async () => {
    const answer = await readStream(app.url, { prompt: 'What is a lease?' });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-accel-buffering': 'no',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
    expect(answer.headers.has('idempotency-replayed')).toBe(false);
    expect(answer.outline).toEqual(WHOLE);
    expect(answer.isDone).toBe(true);
    const [start, finish] = [answer.events[0]!, answer.events.at(-1)!];
    const { messages, ...chat } = await stored(start.messageMetadata!.chat.id);
    expect(finish).toEqual({ type: 'finish', finishReason: 'stop', messageMetadata: { chat } });
    expect(start.messageMetadata!.chat).toEqual({ ...chat, updated_at: expect.any(String) });
    expect(messages[1].content).toBe(answer.text);
  });

  it('continues a chat that also has turns without streaming', async () => {
    const first = (await app.chat({ prompt: 'My name is Ada' }).expect(200)).body.chat;
    const second = await readStream(app.url, { prompt: 'What did I say first?', chat_id: first.id });
    expect(second.text).toContain('My name is Ada');
    const third = (await app.chat({ prompt: 'and now?', chat_id: first.id }).expect(200)).body;
    expect(third.chat.messages).toHaveLength(6);
    expect(third.chat.messages[3].content).toBe(second.text);
    const sessions = app.agent.invocations.slice(-3).map(({ sessionId }) => sessionId);
    expect(new Set(sessions).size).toBe(1);
  });

  it('sends the sources after the text, as they are stored', async () => {
    const answer = await readStream(app.url, { prompt: 'Plan a weekend in Lisbon' });
    expect(answer.outline).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'source-url', 'finish']);
    const [citation] = (await stored(answer.events[0]!.messageMetadata!.chat.id)).messages[1].citations;
    const { title, ...rest } = citation;
    expect(answer.events.at(-2)).toEqual({
      type: 'source-url',
      sourceId: 'source-1',
      url: citation.uri,
      title,
      providerMetadata: { citation: rest },
    });
  });

  it('streams the same bytes as it stores and replays, with any chunks of the agent', async () => {
    const bytes = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed());
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(bytes, cuts, fc.uuid(), async (said, places, key) => {
        const whole = Buffer.from(`x${said}`);
        const ends = [...new Set(places.filter((at) => at < whole.length)), whole.length].toSorted((a, b) => a - b);
        const chunks = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
        app.agent.enqueue({ type: 'chunks', chunks });
        const headers = { 'idempotency-key': key };
        const calls = app.agent.invocations.length;
        const live = await readStream(app.url, { prompt: 'hello' }, { headers });
        const again = await readStream(app.url, { prompt: 'hello' }, { headers });
        const buffered = await app.chat({ prompt: 'hello' }, 'alice', headers).expect(200);
        const { messages } = await stored(live.events[0]!.messageMetadata!.chat.id);
        expect(Buffer.from(live.text)).toEqual(whole);
        expect([again.text, buffered.body.response, messages[1].content]).toEqual(Array(3).fill(live.text));
        expect(again.headers.get('idempotency-replayed')).toBe('true');
        expect(again.events[0]!.messageId).toBe(live.events[0]!.messageId);
        expect(again.events.at(-1)).toEqual(live.events.at(-1));
        expect(app.agent.invocations.length).toBe(calls + 1);
      }),
      // A counterexample leaves replies behind that its shrunk forms would get.
      { numRuns: Number(process.env['TEST_RUNS'] ?? 5), endOnFailure: true },
    );
  });

  it('streams 2 000 chunks', async () => {
    const chunks = Array.from({ length: 2_000 }, (_, index) => `${index} `);
    app.agent.enqueue({ type: 'chunks', chunks });
    const answer = await readStream(app.url, { prompt: 'count' });
    expect(answer.outline).toEqual(WHOLE);
    expect(answer.text).toBe(chunks.join(''));
    expect((await stored(answer.events[0]!.messageMetadata!.chat.id)).messages[1].content).toBe(answer.text);
  });

  it('cuts a too large reply where the stored message is cut, and reports an error', async () => {
    const answer = await readStream(app.url, { prompt: 'hello [[fault chunks bytes=1000100]]' });
    expect(answer.outline).toEqual(BROKEN);
    expect(answer.events.at(-2)).toEqual({ type: 'error', errorText: 'The agent failed' });
    const { messages } = await stored(answer.events[0]!.messageMetadata!.chat.id);
    expect(messages[1]).toMatchObject({ status: 'partial', content: answer.text });
    expect(answer.text).toHaveLength(1_000_000);
  });

  it.each([
    ['no token', { prompt: 'hello' }, { id_token: '' }, 401, 'Invalid id_token: token is missing'],
    ['no prompt', {}, {}, 400, `Field 'prompt' is required`],
    ['an unknown field', { prompt: 'a', b: 1 }, {}, 400, `Field 'b' is not allowed`],
    ['a bad key', { prompt: 'a' }, { 'idempotency-key': '' }, 400, `Header 'Idempotency-Key' is invalid`],
    ['another type', { prompt: 'a' }, { 'content-type': 'text/plain' }, 415, 'Content-Type must be application/json'],
    ['an unknown chat', { prompt: 'a', chat_id: 'none' }, {}, 404, 'Chat not found'],
  ])('answers %s with JSON', async (_, body, headers, status, error) => {
    const answer = await readStream(app.url, body, { headers });
    expect({ status: answer.status, body: JSON.parse(answer.raw) }).toEqual({ status, body: { error } });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('answers 409 while a turn of the chat is running, and 422 for a key of another prompt', async () => {
    const agent = holdAgent(app);
    const headers = { 'idempotency-key': 'only-once' };
    const running = readStream(app.url, { prompt: 'one' }, { headers });
    await agent.reached;
    const early = await readStream(app.url, { prompt: 'one' }, { headers });
    expect([early.status, JSON.parse(early.raw).error]).toEqual([409, 'A turn is already in progress']);
    expect(early.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    agent.release();
    await running;
    const other = await readStream(app.url, { prompt: 'two' }, { headers });
    expect([other.status, JSON.parse(other.raw).error]).toEqual([422, 'Idempotency-Key was used with another request']);
  });
});

describe('the quota of streamed turns', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ TURNS_PER_DAY: '2' });
  });
  afterAll(() => app.close());

  it('counts streamed turns, responds 429 as JSON beyond it, and does not count replays', async () => {
    const first = { prompt: 'streamed' };
    const key = { headers: { 'idempotency-key': 'key-of-the-first' } };
    const streamed = await readStream(app.url, first, key);
    const replayed = await readStream(app.url, first, key);
    expect([replayed.status, replayed.text]).toEqual([200, streamed.text]);
    await app.chat({ prompt: 'in one piece' }).expect(200);
    const refused = await readStream(app.url, { prompt: 'one too many' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.parse(refused.raw)).toEqual({ error: 'Too many requests' });
    expect(app.agent.invocations).toHaveLength(2);
  });
});

describe('a streamed turn whose storage fails', () => {
  let app: ChatApp;
  let faults: StorageFaults;
  beforeAll(async () => {
    app = await startChatApp({}, { keepsTimeouts: true });
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
  });
  afterEach(() => faults.clear());
  afterAll(async () => {
    faults.close();
    await app.close();
  });

  it.each(['throttle', 'hang'] as const)('gets 503 as JSON if it cannot begin: %s', async (type) => {
    faults.inject({ type }, { steps: ['begin'] });
    const answer = await readStream(app.url, { prompt: 'hello' });
    expect([answer.status, JSON.parse(answer.raw).error]).toEqual([503, 'Storage is unavailable']);
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  });

  it('ends its stream with an error if it cannot be stored', async () => {
    faults.inject({ type: 'refused' }, { steps: ['complete'] });
    const answer = await readStream(app.url, { prompt: 'hello' });
    faults.clear();
    expect([answer.status, answer.outline, answer.isDone]).toEqual([200, BROKEN, true]);
    const [error, finish] = answer.events.slice(-2);
    expect(error).toEqual({ type: 'error', errorText: 'Storage is unavailable' });
    const { chat } = answer.events[0]!.messageMetadata!;
    expect(finish).toEqual({ type: 'finish', finishReason: 'error', messageMetadata: { chat } });
    const { messages } = (await app.read(chat.id).expect(200)).body.chat;
    expect(messages).toMatchObject([{ role: 'user', content: 'hello', status: 'failed' }]);
  });

  it('is complete even if its release fails', async () => {
    faults.inject({ type: 'throttle' }, { steps: ['release'] });
    const answer = await readStream(app.url, { prompt: 'hello' });
    expect([answer.outline, answer.isDone]).toEqual([WHOLE, true]);
    expect(answer.events.at(-1)).toMatchObject({ finishReason: 'stop' });
  });
});

describe('a streamed turn whose agent fails', () => {
  let shared: ChatApp;
  let late: ChatApp;
  beforeAll(async () => {
    shared = await startChatApp();
    late = await startChatApp({ AGENT_TIMEOUT_MS: LATE_DEADLINE });
  });
  afterAll(() => Promise.all([shared.close(), late.close()]));

  itEachTogether(FAULTS.filter(isLate), '$place the first event: $fault', (row) => check(late, row));

  it.each(FAULTS.filter((row) => !isLate(row)))('$place the first event: $fault', (row) => check(shared, row));

  async function check(app: ChatApp, { directive, status, error, stored: kept }: FaultCase): Promise<void> {
    const answer = await readStream(app.url, { prompt: `second ${directive}` });
    const chat = answer.events[0]?.messageMetadata?.chat;
    if (kept === 'failed') {
      expect([answer.status, JSON.parse(answer.raw).error]).toEqual([status, error]);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      return;
    }
    expect(answer.status).toBe(200);
    expect(answer.isDone).toBe(true);
    expect(answer.outline.filter((type) => !type.startsWith('source-'))).toEqual(kept === 'done' ? WHOLE : BROKEN);
    const [said, finish] = answer.events.slice(-2);
    if (kept === 'partial') {
      expect(said).toEqual({ type: 'error', errorText: error });
      expect(finish).toMatchObject({
        type: 'finish',
        finishReason: 'error',
        messageMetadata: { chat: { id: chat!.id } },
      });
    }
    const { messages } = (await app.read(chat!.id).expect(200)).body.chat;
    expect(messages[1]).toMatchObject({ role: 'assistant', content: answer.text });
    expect(messages[1].status).toBe(kept === 'partial' ? 'partial' : undefined);
  }
});
