import { afterAll, beforeAll, describe, expect, it, afterEach } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { setAttribute } from '../support/chat-items.js';
import { readStream } from '../support/ui-stream.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';

describe('POST /chat', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ CHAT_HISTORY_LIMIT: '6' });
  });
  afterAll(() => app.close());

  const begin = async (prompt: string, user = 'alice') => (await app.chat({ prompt }, user).expect(200)).body;

  it('responds with the reply and the chat in the documented form', async () => {
    const { body, headers } = await app.chat({ prompt: 'What is a lease?' }).expect(200);
    expect(Object.keys(body)).toEqual(['response', 'chat']);
    expect(Object.keys(body.chat)).toEqual(['id', 'user_id', 'title', 'created_at', 'updated_at', 'messages']);
    expect(body.response).toContain('What is a lease?');
    expect(body.chat).toMatchObject({ user_id: 'alice', title: 'What is a lease?' });
    const [question, answer] = body.chat.messages;
    expect(question).toMatchObject({ role: 'user', content: 'What is a lease?' });
    expect(answer).toMatchObject({ role: 'assistant', content: body.response });
    expect(question).not.toHaveProperty('status');
    expect(answer).not.toHaveProperty('status');
    for (const time of [body.chat.created_at, body.chat.updated_at, question.created_at, answer.created_at]) {
      expect(new Date(time).toISOString()).toBe(time);
    }
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('continues a chat in the same agent session, and keeps its title and creation time', async () => {
    const first = await begin('My name is Ada');
    const { body } = await app.chat({ prompt: 'Who am I?', chat_id: first.chat.id }).expect(200);
    expect(body.chat.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
    expect(body.chat.messages.slice(0, 2)).toEqual(first.chat.messages);
    expect(body.chat).toMatchObject({ title: 'My name is Ada', created_at: first.chat.created_at });
    expect(body.chat.updated_at > first.chat.updated_at).toBe(true);
    expect(body.response).toContain('My name is Ada');
    const [one, two] = app.agent.invocations.slice(-2);
    expect(two?.sessionId).toBe(one?.sessionId);
    expect(one?.sessionId).toMatch(/^[0-9a-zA-Z._:-]{33,100}$/);
  });

  it('opens a new chat for chat_id null', async () => {
    const first = await begin('one');
    const { body } = await app.chat({ prompt: 'two', chat_id: null }).expect(200);
    expect(body.chat.id).not.toBe(first.chat.id);
    expect(body.chat.messages).toHaveLength(2);
  });

  it('responds with the newest messages within the limit, without splitting a turn', async () => {
    let { chat } = await begin('turn 1');
    for (const turn of [2, 3, 4, 5]) {
      ({ chat } = (await app.chat({ prompt: `turn ${turn}`, chat_id: chat.id }).expect(200)).body);
    }
    const prompts = chat.messages.filter(({ role }: { role: string }) => role === 'user');
    expect(prompts.map(({ content }: { content: string }) => content)).toEqual(['turn 3', 'turn 4', 'turn 5']);
    expect((await app.read(chat.id).expect(200)).body).toEqual({ chat });
  });

  it('joins all chunks, even if they cut a character', async () => {
    const text = 'Grüße, 世界 👩‍👩‍👧!';
    app.agent.enqueue({
      type: 'chunks',
      chunks: Array.from(Buffer.from(text), (byte) => Buffer.from([byte])),
    });
    const { body } = await app.chat({ prompt: 'hello' }).expect(200);
    expect(body.response).toBe(text);
    expect((await app.read(body.chat.id)).body.chat.messages[1].content).toBe(text);
  });

  it('returns prompts of every script unchanged', async () => {
    const prompt = 'نص عربي · 漢字 · 🏳️‍🌈 · e\u0301 · \u0000 · "\\';
    const { chat } = await begin(prompt);
    expect((await app.read(chat.id)).body.chat.messages[0].content).toBe(prompt);
  });

  it('runs one turn of a chat at a time', async () => {
    const { chat } = await begin('first');
    const before = app.agent.invocations.length;
    const answers = await Promise.all(
      [1, 2, 3, 4].map((turn) => app.chat({ prompt: `turn ${turn}`, chat_id: chat.id })),
    );
    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(accepted.length).toBeGreaterThanOrEqual(1);
    for (const { status, body, headers } of refused) {
      expect({ status, body }).toEqual({ status: 409, body: { error: 'A turn is already in progress' } });
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    expect(app.agent.invocations.length - before).toBe(accepted.length);
    const { body } = await app.chat({ prompt: 'afterwards', chat_id: chat.id }).expect(200);
    expect(body.chat.messages.at(-2).content).toBe('afterwards');
  });
});

describe('GET /chats/{id}', () => {
  let app: ChatApp;
  let stepped: SteppedAgent;
  beforeAll(async () => {
    stepped = await startSteppedAgent();
    app = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint });
  });
  afterAll(async () => {
    stepped.close();
    await app.close();
  });

  /** Begins a turn, and returns when its agent has sent text. */
  async function begin(body: object) {
    const running = app.chat(body).then((response) => response);
    await stepped.say('Hello');
    return { running };
  }

  it('shows a running turn as pending', async () => {
    const opening = await begin({ prompt: 'first' });
    stepped.end();
    const first = (await opening.running).body.chat;
    const { running } = await begin({ prompt: 'second', chat_id: first.id });
    const { body } = await app.read(first.id).expect(200);
    expect(body.chat.messages).toHaveLength(3);
    expect(body.chat.messages[2]).toMatchObject({ role: 'user', content: 'second', status: 'pending' });
    stepped.end();
    expect((await running).status).toBe(200);
    expect((await app.read(first.id)).body.chat.messages).toHaveLength(4);
  });
});

describe('the users of a table', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  it('get the same response for a chat of another user and for a missing chat', async () => {
    const { chat } = (await app.chat({ prompt: 'mine' }, 'alice').expect(200)).body;
    const requestId = { 'x-request-id': 'the-same' };
    const calls = app.agent.invocations.length;
    const posts = await Promise.all([
      app.chat({ prompt: 'hello', chat_id: chat.id }, 'mallory', requestId),
      app.chat({ prompt: 'hello', chat_id: 'no-such-chat' }, 'mallory', requestId),
    ]);
    const reads = await Promise.all([
      app.read(chat.id, 'mallory').set(requestId),
      app.read('no-such-chat', 'mallory').set(requestId),
      app.read('not%20an%20id', 'mallory').set(requestId),
    ]);
    for (const answers of [posts, reads]) {
      const seen = answers.map(({ status, text, headers }) => ({ status, text, headers: { ...headers, date: '' } }));
      expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(seen[0]).toMatchObject({ status: 404, text: '{"error":"Chat not found"}' });
    }
    expect(app.agent.invocations.length).toBe(calls);
    expect((await app.read(chat.id, 'alice')).body.chat.messages).toHaveLength(2);
  });

  it('never share an agent session', async () => {
    await app.chat({ prompt: 'a' }, 'alice').expect(200);
    await app.chat({ prompt: 'a' }, 'bob').expect(200);
    const [one, two] = app.agent.invocations.slice(-2);
    expect(one?.sessionId).not.toBe(two?.sessionId);
  });
});

const UNSAFE = [
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  'https://user:pass@example.com/',
  's3://AKIAEXAMPLE:secret@bucket/key',
];
const SAFE = ['https://example.com/a', 's3://bucket/b.pdf'];

/** A reference of a knowledge base to a page of the web. */
const toReference = (url: string, text = 'x') => ({
  content: { text },
  location: { type: 'WEB', webLocation: { url } },
  metadata: { title: `T ${url.length}` },
});

describe('the citations of a reply', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterEach(() => Logger.overrideLogger(false));
  afterAll(() => app.close());

  /** Lets the agent cite these references in its next reply. */
  function cite(...retrievedReferences: readonly object[]): void {
    app.agent.enqueue({ type: 'chunks', chunks: ['Hello', { citations: [{ retrievedReferences }] }] });
  }
  /** The texts in which a caller may see an address. */
  async function readEverywhere(key: string): Promise<string[]> {
    const headers = { 'idempotency-key': key };
    const live = await readStream(app.url, { prompt: 'Hi' }, { headers });
    const replay = await readStream(app.url, { prompt: 'Hi' }, { headers });
    const { text } = await app.chat({ prompt: 'Hi' }, 'alice', headers).expect(200);
    const chatId = live.events[0]!.messageMetadata!.chat.id;
    return [live.raw, replay.raw, text, (await app.read(chatId)).text, (await app.messages(chatId)).text];
  }

  it('have only addresses that a page can show, in every response and stream', async () => {
    cite(...[...UNSAFE, ...SAFE].map((url) => toReference(url)));
    const [live, ...others] = await readEverywhere('unsafe addresses');
    for (const text of [live, ...others]) {
      for (const uri of UNSAFE) expect(text).not.toContain(uri);
      for (const uri of SAFE) expect(text).toContain(uri);
    }
    const sources = [...String(live).matchAll(/"type":"source-(url|document)"/g)].map(([, type]) => type);
    // A source without an address still has its title.
    expect(sources).toEqual([...UNSAFE.map(() => 'document'), 'url', 'document']);
  });

  it('have no other address either if an older version has stored it', async () => {
    cite(toReference('https://example.com/old'));
    const { chat } = (await app.chat({ prompt: 'Hi' }, 'alice', { 'idempotency-key': 'old' }).expect(200)).body;
    const [unsafe = ''] = UNSAFE;
    const key = { id: chat.id, user_id: turnSortKey('alice', 1) };
    await setAttribute(app, key, 'citations', [{ uri: unsafe }, { title: '\u202EA', uri: unsafe, start: 1 }, {}]);
    const replay = await readStream(app.url, { prompt: 'Hi' }, { headers: { 'idempotency-key': 'old' } });
    const read = await app.read(chat.id);
    expect(read.body.chat.messages[1].citations).toEqual([{ title: 'A', start: 1 }]);
    for (const text of [replay.raw, read.text]) expect(text).not.toContain(unsafe);
  });

  it('have no other address as their title either, live or stored', async () => {
    const [link = ''] = SAFE;
    const titled = (title: string) => ({ ...toReference(link), metadata: { title } });
    cite(...UNSAFE.map(titled), titled('A'));
    const texts = await readEverywhere('unsafe titles');
    for (const text of texts) for (const title of UNSAFE) expect(text).not.toContain(title);
    const chatId = (await app.chat({ prompt: 'Hi' }, 'alice', { 'idempotency-key': 'unsafe titles' })).body.chat.id;
    const key = { id: chatId, user_id: turnSortKey('alice', 1) };
    await setAttribute(app, key, 'citations', [...UNSAFE.map((title) => ({ title, uri: link })), { title: 'A' }]);
    const { messages } = (await app.read(chatId).expect(200)).body.chat;
    expect(messages[1].citations).toEqual([...UNSAFE.map(() => ({ uri: link })), { title: 'A' }]);
  });

  it('are none if they name no source', async () => {
    cite({}, { metadata: { title: ' ' }, content: { text: '' } });
    const { chat } = (await app.chat({ prompt: 'Hi' }).expect(200)).body;
    expect(chat.messages[1]).not.toHaveProperty('citations');
    cite({});
    expect((await readStream(app.url, { prompt: 'Hi' })).outline).not.toContain('source-document');
  });

  it('are cut between characters', async () => {
    cite(toReference('https://example.com/', `${'a'.repeat(499)}😀 more`));
    const { chat } = (await app.chat({ prompt: 'Hi' }).expect(200)).body;
    expect(chat.messages[1].citations[0].snippet).toBe('a'.repeat(499));
  });

  it('do not include files of the code interpreter, which leave one line in the log', async () => {
    const lines: unknown[] = [];
    Logger.overrideLogger({
      warn: (line: unknown) => void lines.push(line),
      log: () => undefined,
    } as unknown as LoggerService);
    const file = { name: 'secret.csv', type: 'text/csv', bytes: Buffer.from('a,b') };
    app.agent.enqueue({ type: 'chunks', chunks: ['Here ', { files: [file, file] }, 'it is', { files: [file] }] });
    const { body } = await app.chat({ prompt: 'Hi' }).expect(200);
    expect(body.response).toBe('Here it is');
    expect(lines).toEqual(['Files of the reply that are not passed on: 3']);
    expect(JSON.stringify(body)).not.toContain('secret.csv');
  });
});
