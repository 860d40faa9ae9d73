import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';

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
