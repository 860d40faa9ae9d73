import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { stopTurn } from '../support/live-turn-client.js';
import { StreamReader } from '../support/stream-reader.js';
import { tokenOf } from '../support/tokens.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';
import type { ChatStore } from '../support/chat-store.js';
import { startStorageFaults } from '../support/storage-faults.js';
import { done, TurnRunner } from '../support/turn-runner.js';

const STOPPED = '{"error":"The turn was stopped"}';
/** The agent says nothing, or only its first words. */
const SILENT = '[[fault silence after=0]]';
const BEGUN = '[[fault silence after=2]]';

describe('POST /chats/{id}/stop', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const openChat = async (user = 'alice') =>
    (await app.chat({ prompt: 'first' }, user).expect(200)).body.chat.id as string;
  const findCall = (prompt: string) => app.agent.invocations.find((call) => call.prompt === prompt);
  const readMessages = async (chatId: string) =>
    (await app.read(chatId).expect(200)).body.chat.messages as { role: string; content: string; status?: string }[];

  /** Begins a turn, and waits until its agent is asked. */
  async function begin(path: string, body: { prompt: string; chat_id: string }, headers = {}) {
    const response = fetch(app.url + path, {
      method: 'POST',
      headers: { id_token: tokenOf('alice'), 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    while (!findCall(body.prompt)) await wait(2);
    return response;
  }

  it.each(['/chat', '/chat/stream'])(
    'before the first word, the turn of %s is 409 and its prompt is kept',
    async (path) => {
      const chatId = await openChat();
      const prompt = `silent ${path} ${SILENT}`;
      const running = begin(path, { prompt, chat_id: chatId }, { 'idempotency-key': `key of ${path}` });
      while (!findCall(prompt)) await wait(2);
      expect((await app.read(chatId)).body.chat.running).toBe(true);
      expect(await stopTurn(app.url, chatId)).toBe(202);
      const response = await running;
      expect([response.status, await response.text()]).toEqual([409, STOPPED]);
      expect([response.headers.get('chat-id'), response.headers.get('turn-id')]).toEqual([chatId, `${chatId}:2`]);
      expect(response.headers.get('retry-after')).toBeNull();

      // The next turn begins at once, and no stop is left for it.
      expect(await stopTurn(app.url, chatId)).toBe(204);
      await app.chat({ prompt: 'next', chat_id: chatId }).expect(200);
      const kept = (await readMessages(chatId)).slice(2, -2);
      expect(kept).toMatchObject([{ id: `${chatId}:2:user`, role: 'user', content: prompt, status: 'stopped' }]);
      expect(findCall(prompt)?.outcome).toBe('left');

      const again = await app
        .chat({ prompt, chat_id: chatId }, 'alice', { 'idempotency-key': `key of ${path}` })
        .expect(409);
      expect([again.text, again.headers['turn-id']]).toEqual([STOPPED, `${chatId}:2`]);
      await app
        .chat({ prompt: 'another', chat_id: chatId }, 'alice', { 'idempotency-key': `key of ${path}` })
        .expect(422);
      expect(app.agent.invocations.filter((call) => call.prompt === prompt)).toHaveLength(1);
    },
  );

  it('amid its text, a stream ends with `abort`, and what there was is kept', async () => {
    const chatId = await openChat();
    const reader = await StreamReader.send(app.url, { prompt: `begun ${BEGUN}`, chat_id: chatId });
    await reader.readUntil('text-delta');
    expect(await Promise.all([stopTurn(app.url, chatId), stopTurn(app.url, chatId)])).toContain(202);
    const { outline, events, text, isDone } = await reader.readRest();
    expect(outline).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'abort', 'finish']);
    expect(events.at(-2)).toEqual({ type: 'abort' });
    expect(events.at(-1)).toMatchObject({ finishReason: 'other', messageMetadata: { chat: { id: chatId } } });
    expect(isDone).toBe(true);

    const [prompt, reply] = (await readMessages(chatId)).slice(2);
    expect(prompt).not.toHaveProperty('status');
    expect(reply).toMatchObject({ id: events[0]!.messageId, role: 'assistant', content: text, status: 'stopped' });
  });

  it('is 204 if no turn runs, and 404 for a chat that the caller does not have', async () => {
    const chatId = await openChat();
    expect(await stopTurn(app.url, chatId)).toBe(204);
    expect(await stopTurn(app.url, chatId, 'bob')).toBe(404);
    expect(await stopTurn(app.url, 'unknown')).toBe(404);
    expect(await stopTurn(app.url, 'no%20id')).toBe(404);
  });

  it('stops no other turn than the one of its `turn_id`', async () => {
    const chatId = await openChat();
    const reader = await StreamReader.send(app.url, { prompt: `second ${BEGUN}`, chat_id: chatId });
    await reader.readUntil('text-delta');
    const stop = (turnId: string) => stopTurn(app.url, chatId, 'alice', `?turn_id=${turnId}`);
    for (const invalid of ['', '2', chatId, `${chatId}:x`, `other:2`, `${chatId}:2&turn_id=${chatId}:2`]) {
      const path = `/chats/${chatId}/stop?turn_id=${invalid}`;
      const response = await fetch(app.url + path, { method: 'POST', headers: { id_token: tokenOf('alice') } });
      expect([response.status, await response.text()]).toEqual([400, `{"error":"Query 'turn_id' is invalid"}`]);
    }
    expect(await Promise.all([`${chatId}:1`, `${chatId}:1:user`, `${chatId}:3`].map(stop))).toEqual([204, 204, 204]);
    expect((await app.read(chatId)).body.chat.running).toBe(true);
    expect(await stop(`${chatId}:2`)).toBe(202);
    expect((await reader.readRest()).outline).toContain('abort');
  });

  it('stops the turn of its own user alone', async () => {
    const chatId = await openChat();
    const reader = await StreamReader.send(app.url, { prompt: `kept ${BEGUN}`, chat_id: chatId });
    await reader.readUntil('text-delta');
    expect(await stopTurn(app.url, chatId, 'bob')).toBe(404);
    expect((await app.read(chatId)).body.chat.running).toBe(true);
    expect(await stopTurn(app.url, chatId)).toBe(202);
    expect((await reader.readRest()).outline).toContain('abort');
  });

  it('DELETE /chats stops running turns first', async () => {
    const ids = await Promise.all([openChat('carol'), openChat('carol')]);
    const running = ids.map((id) =>
      app.chat({ prompt: `delete ${id} ${SILENT}`, chat_id: id }, 'carol').then((r) => r),
    );
    while (!ids.every((id) => findCall(`delete ${id} ${SILENT}`))) await wait(2);
    await app.remove(ids[0], 'carol').expect(409);
    await app.removeAll('carol').expect(204);
    // A turn whose chat is deleted before it is stored is 404.
    for (const { status } of await Promise.all(running)) expect([404, 409]).toContain(status);
    expect((await app.list({}, 'carol')).body.chats).toEqual([]);
  });
});

const BUSY = '{"error":"A turn is already in progress"}';
const SUPERSEDE = { supersede: 'true' };

describe('a turn on a chat whose turn is running', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ TURNS_AT_ONCE: '1' });
  });
  afterAll(() => app.close());

  let users = 0;
  /** A user of its own for each test, because each user may run one turn at once. */
  const nextUser = () => `user-${(users += 1)}`;
  const openChat = async (user: string) =>
    (await app.chat({ prompt: 'first' }, user).expect(200)).body.chat.id as string;
  const findCalls = (prompt: string) => app.agent.invocations.filter((call) => call.prompt === prompt);
  const untilAsked = async (prompt: string) => {
    while (findCalls(prompt).length === 0) await wait(2);
  };
  const listStatuses = async (chatId: string, user: string) =>
    ((await app.read(chatId, user)).body.chat.messages as { status?: string }[]).map(({ status }) => status ?? 'whole');
  const stream = (user: string, chatId: string, prompt: string) =>
    StreamReader.send(app.url, { prompt, chat_id: chatId }, { id_token: tokenOf(user) });

  it('takes the place of a stream that its reader has left', async () => {
    const user = nextUser();
    const chatId = await openChat(user);
    const prompt = `left ${user} ${BEGUN}`;
    const reader = await stream(user, chatId, prompt);
    await reader.readUntil('text-delta');
    expect((await app.chat({ prompt: 'too early', chat_id: chatId }, user)).status).toBe(429);
    reader.leave();
    // The server may see it a moment later.
    const next = await untilAccepted(() => app.chat({ prompt: 'next', chat_id: chatId }, user));
    expect(next.body.chat.messages.at(-2)).toMatchObject({ content: 'next' });
    expect(await listStatuses(chatId, user)).toEqual(['whole', 'whole', 'whole', 'stopped', 'whole', 'whole']);
    expect(findCalls(prompt)[0]?.outcome).toBe('left');
  });

  it('does not take the place of a stream while a resumed reader is connected', async () => {
    const user = nextUser();
    const chatId = await openChat(user);
    const reader = await stream(user, chatId, `resumed ${user} ${BEGUN}`);
    await reader.readUntil('text-delta');
    const second = await StreamReader.resume(app.url, chatId, user);
    await second.readUntil('text-delta');
    reader.leave();
    await wait(100);
    expect((await app.chat({ prompt: 'no', chat_id: chatId }, user)).status).toBe(429);
    second.leave();
    await untilAccepted(() => app.chat({ prompt: 'next', chat_id: chatId }, user));
  });

  it('does not take the place of a turn of POST /chat, unless it asks for it', async () => {
    const user = nextUser();
    const chatId = await openChat(user);
    const prompt = `buffered ${user} ${BEGUN}`;
    const running = app.chat({ prompt, chat_id: chatId }, user).then((response) => response);
    await untilAsked(prompt);
    const resumed = await StreamReader.resume(app.url, chatId, user);
    resumed.leave();
    expect((await app.chat({ prompt: 'no', chat_id: chatId }, user)).status).toBe(429);
    const next = await app.chat({ prompt: 'next', chat_id: chatId }, user, SUPERSEDE).expect(200);
    expect(next.body.chat.messages).toHaveLength(6);
    const stopped = await running;
    expect([stopped.status, stopped.text]).toEqual([409, STOPPED]);
    // The place of the first turn is free again.
    await app.chat({ prompt: 'after that', chat_id: chatId }, user).expect(200);
  });

  it('takes the place of a stream that is read, and its reader sees the end', async () => {
    const user = nextUser();
    const chatId = await openChat(user);
    const reader = await stream(user, chatId, `read ${user} ${BEGUN}`);
    await reader.readUntil('text-delta');
    await app.chat({ prompt: 'next', chat_id: chatId }, user, SUPERSEDE).expect(200);
    expect((await reader.readRest()).outline.slice(-3)).toEqual(['text-end', 'abort', 'finish']);
  });

  it('frees the place of a dead turn, also if it fails after it has ended that turn', async () => {
    const user = nextUser();
    const chatId = await openChat(user);
    const quota = app.nest.get(TurnQuota, { strict: false });
    const runner = new TurnRunner({ chats: app.nest.get(DynamoChatRepository, { strict: false }) } as ChatStore, user);
    const dead = await quota.consume(user, { deadline: Date.now() + 60_000 }, (lease) =>
      runner.begin('dead', chatId, undefined, lease),
    );
    // Its process has died before it has released the chat.
    await app.nest.get(DynamoChatRepository, { strict: false }).complete(user, dead.begun, done('whole'));
    const faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
    faults.inject({ type: 'refused' }, { steps: ['begin'], skip: 1 });
    await app.chat({ prompt: 'next', chat_id: chatId }, user, SUPERSEDE).expect(503);
    faults.clear();
    faults.close();
    await untilAccepted(() => app.chat({ prompt: 'next', chat_id: chatId }, user));
  });

  it.each(['false', '', 'TRUE', 'true, true'])('is 400 with the header supersede: %j', async (value) => {
    const response = await app.chat({ prompt: 'no' }, 'alice', { supersede: value }).expect(400);
    expect(response.body).toEqual({ error: `Header 'supersede' is invalid` });
  });
});

describe('turns that compete', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  it('a repetition of the running turn never takes its place', async () => {
    const { id } = (await app.chat({ prompt: 'first' }).expect(200)).body.chat;
    const prompt = `keyed ${BEGUN}`;
    const key = { 'idempotency-key': 'own' };
    const reader = await StreamReader.send(app.url, { prompt, chat_id: id }, key);
    await reader.readUntil('text-delta');
    const again = await app.chat({ prompt, chat_id: id }, 'alice', { ...key, ...SUPERSEDE });
    expect([again.status, again.text]).toEqual([409, BUSY]);
    reader.leave();
    await wait(100);
    const later = await app.chat({ prompt, chat_id: id }, 'alice', key);
    expect([later.status, later.text]).toEqual([409, BUSY]);
    await app.chat({ prompt: 'next', chat_id: id }, 'alice', SUPERSEDE).expect(200);
  });

  it('of several that supersede one turn, one runs, and the others are 409', async () => {
    const { id } = (await app.chat({ prompt: 'first' }).expect(200)).body.chat;
    const reader = await StreamReader.send(app.url, { prompt: `contested ${BEGUN}`, chat_id: id });
    await reader.readUntil('text-delta');
    const prompts = ['a', 'b', 'c'].map((name) => `${name} [[fault delay ms=1500]]`);
    const responses = await Promise.all(
      prompts.map((prompt) => app.chat({ prompt, chat_id: id }, 'alice', SUPERSEDE).then((response) => response)),
    );
    const statuses = responses.map(({ status, text }) => (status === 409 ? text : status)).toSorted();
    expect(statuses).toEqual([200, BUSY, BUSY]);
    expect((await reader.readRest()).outline).toContain('abort');
  });
});

/** Sends a turn until it is not refused any more. */
async function untilAccepted(send: () => PromiseLike<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status === 200) return response;
    expect([409, 429]).toContain(response.status);
    await wait(10);
  }
}
