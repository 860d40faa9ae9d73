import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setAttribute, readHead } from '../support/chat-items.js';
import { FaultyApp } from '../support/faulty-app.js';
import { holdAgent } from '../support/held-agent.js';
import { tokenOf } from '../support/tokens.js';
import { AgentProvider } from '../../src/chat/agent/agent.js';
import { ChatService, type ReplyOptions } from '../../src/chat/service/chat.service.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';

interface Answer {
  readonly status: number;
  readonly error: string | undefined;
  readonly ids: readonly (string | null)[];
  readonly text: string;
}

const NONE = [null, null];

/** Sends a request, by default a turn of alice. */
async function send(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { id_token: tokenOf('alice'), 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return {
    status: response.status,
    error: isJson ? (JSON.parse(text) as { error?: string }).error : undefined,
    ids: [response.headers.get('chat-id'), response.headers.get('turn-id')],
    text,
  };
}

let own: FaultyApp;
let limited: FaultyApp;
beforeAll(async () => {
  [own, limited] = await Promise.all([FaultyApp.start(), FaultyApp.start({ TURNS_PER_MINUTE: '1' })]);
});
afterAll(() => Promise.all([own.close(), limited.close()]));

describe.each(['/chat', '/chat/stream'])('the headers chat-id and turn-id of POST %s', (path) => {
  afterEach(() => own.faults.clear());

  const ask = (body: unknown, headers?: Record<string, string>) => send(`${own.app.url}${path}`, body, headers);
  const idsOf = (chatId: string, turn: number) => [chatId, `${chatId}:${turn}`];

  async function untilPending(chatId: string, turn: number): Promise<void> {
    const isPending = async () => {
      const newest = (await own.app.read(chatId)).body.chat.messages.at(-1);
      return newest.id === `${chatId}:${turn}:user` && newest.status === 'pending';
    };
    while (!(await isPending())) await wait(20);
  }

  it('name the turn of a reply and of its replay', async () => {
    const chatId = await own.first();
    const again = () => ask({ prompt: 'two', chat_id: chatId }, { 'idempotency-key': `key of ${path}` });
    for (const { status, ids } of [await again(), await again()]) {
      expect({ status, ids }).toEqual({ status: 200, ids: idsOf(chatId, 2) });
    }
  });

  it('name the chat that a failed first turn has opened', async () => {
    const { status, error, ids } = await ask({ prompt: 'one [[fault hang-up]]' });
    expect([status, error]).toEqual([502, 'The agent failed']);
    const { messages } = (await own.app.read(String(ids[0])).expect(200)).body.chat;
    expect(messages).toMatchObject([{ id: `${ids[1]}:user`, content: 'one [[fault hang-up]]', status: 'failed' }]);
  });

  it('are there if the turn cannot be completed', async () => {
    const chatId = await own.first();
    own.faults.inject({ type: 'refused' }, { steps: ['complete'] });
    const answer = await ask({ prompt: 'two', chat_id: chatId });
    if (path === '/chat') expect([answer.status, answer.error]).toEqual([503, 'Storage is unavailable']);
    else expect(answer.text).toContain('"errorText":"Storage is unavailable"');
    expect(answer.ids).toEqual(idsOf(chatId, 2));
  });

  it('are there if the chat of a replay cannot be read', async () => {
    const chatId = await own.first();
    const again = () => ask({ prompt: 'two', chat_id: chatId }, { 'idempotency-key': `unread ${path}` });
    await again();
    // The head and the turn of the key are read first.
    own.faults.inject({ type: 'throttle' }, { steps: ['read'], skip: 2 });
    const { status, ids } = await again();
    expect({ status, ids }).toEqual({ status: 503, ids: idsOf(chatId, 2) });
  });

  it.each([
    ['the chat was deleted', 404, 'Chat not found', (id: string) => own.app.remove(id).expect(204)],
    [
      'another run has taken its place',
      409,
      'A turn is already in progress',
      (id: string) =>
        own.app.chat({ prompt: 'two', chat_id: id }, 'alice', { 'idempotency-key': `late ${path}` }).expect(200),
    ],
  ])('are there if %s while a late turn ran', async (_, status, error, disturb) => {
    const chatId = await own.first();
    const agent = holdAgent(own.app);
    const late = ask({ prompt: 'two', chat_id: chatId }, { 'idempotency-key': `late ${path}` });
    await agent.reached;
    await setAttribute(own.app, { id: chatId, user_id: 'alice' }, 'open.until', Date.now() - 1);
    const disturbed = disturb(chatId).then((answer) => answer);
    if (status === 409) await untilPending(chatId, 3);
    else await disturbed;
    agent.release();
    await disturbed;
    const answer = await late;
    if (path === '/chat') expect([answer.status, answer.error]).toEqual([status, error]);
    else expect(answer.text).toContain(error);
    expect(answer.ids).toEqual(idsOf(chatId, 2));
  });

  it.each<[number, string, () => Promise<Answer>]>([
    [400, `Field 'prompt' is required`, () => ask({})],
    [400, `Field 'chat_id' is invalid`, () => ask({ prompt: 'x', chat_id: ' ' })],
    [400, 'Request body is not valid JSON', () => ask('{')],
    [400, `Header 'Idempotency-Key' is invalid`, () => ask({ prompt: 'x' }, { 'idempotency-key': '' })],
    [401, 'Invalid id_token: token is malformed', () => ask({ prompt: 'x' }, { id_token: 'x' })],
    [404, 'Chat not found', () => ask({ prompt: 'x', chat_id: 'unknown' })],
    [404, 'Not found', () => send(`${own.app.url}${path}/nowhere`, {})],
    [413, 'Request body is too large', () => ask({ prompt: 'x'.repeat(300_000) })],
    [415, 'Content-Type must be application/json', () => ask({ prompt: 'x' }, { 'content-type': 'text/plain' })],
    [
      422,
      'Idempotency-Key was used with another request',
      async () => {
        const key = { 'idempotency-key': `reused ${path}` };
        await ask({ prompt: 'one' }, key);
        return ask({ prompt: 'another' }, key);
      },
    ],
    [
      429,
      'Too many requests',
      async () => {
        await send(`${limited.app.url}${path}`, { prompt: 'x' });
        return send(`${limited.app.url}${path}`, { prompt: 'x' });
      },
    ],
    [
      503,
      'Storage is unavailable',
      () => {
        own.faults.inject({ type: 'throttle' }, { steps: ['begin'] });
        return ask({ prompt: 'x' });
      },
    ],
  ])('are absent before a turn has begun: %i %s', async (status, error, request) => {
    expect(await request()).toMatchObject({ status, error, ids: NONE });
  });

  it('are absent while another turn runs, and there if it has the key of the request', async () => {
    const chatId = await own.first();
    const agent = holdAgent(own.app);
    const body = { prompt: 'two', chat_id: chatId };
    const key = { 'idempotency-key': `running ${path}` };
    const running = ask(body, key);
    await agent.reached;
    const refused = { status: 409, error: 'A turn is already in progress' };
    expect(await ask({ prompt: 'three', chat_id: chatId })).toMatchObject({ ...refused, ids: NONE });
    expect(await ask(body, key)).toMatchObject({ ...refused, ids: idsOf(chatId, 2) });
    agent.release();
    expect(await running).toMatchObject({ status: 200, ids: idsOf(chatId, 2) });
  });

  it('are absent where no turn is asked for', async () => {
    const chatId = await own.first();
    for (const read of [`/chats/${chatId}`, `/chats/${chatId}/messages`]) {
      expect(await send(`${own.app.url}${read}`, undefined, {}, 'GET')).toMatchObject({ status: 200, ids: NONE });
    }
  });
});

const BROKEN = new Error('broken');

function breakDown(): never {
  throw BROKEN;
}

describe('an error between the begin of a turn and its agent', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  /** Expects that the newest turn of the chat has failed, and that the chat goes on at once. */
  async function expectFailedTurn(chatId: string, turnId: string): Promise<void> {
    const { chat } = (await app.read(chatId).expect(200)).body;
    expect(chat.messages.at(-1)).toMatchObject({ id: `${turnId}:user`, content: 'lost', status: 'failed' });
    expect(chat).not.toHaveProperty('running');
    expect(await readHead(app, chatId)).not.toHaveProperty('open');
    await app.chat({ prompt: 'next', chat_id: chatId }).expect(200);
    await app.remove(chatId).expect(204);
  }

  it.each(['/chat', '/chat/stream'])('is a 500 of %s with the ids of the turn, which has failed', async (path) => {
    const { id } = (await app.chat({ prompt: 'first' }).expect(200)).body.chat;
    const provider = app.nest.get(AgentProvider, { strict: false });
    const { memory } = provider;
    const asked = app.agent.invocations.length;
    // The session of the chat is compared with this after the begin is written.
    const broken = Object.defineProperty({ ...memory }, 'agent', { get: breakDown });
    Object.defineProperty(provider, 'memory', { value: broken, configurable: true });
    const headers = { id_token: tokenOf('alice'), 'content-type': 'application/json' };
    const body = JSON.stringify({ prompt: 'lost', chat_id: id });
    const response = await fetch(app.url + path, { method: 'POST', headers, body });
    Object.defineProperty(provider, 'memory', { value: memory, configurable: true });
    expect([response.status, response.headers.get('chat-id'), response.headers.get('turn-id')]).toEqual([
      500,
      id,
      `${id}:2`,
    ]);
    expect(await response.json()).toMatchObject({ error: 'Internal server error' });
    expect(app.agent.invocations).toHaveLength(asked);
    await expectFailedTurn(id, `${id}:2`);
  });

  it.each<[string, (see: (id: string) => never) => Partial<ReplyOptions>]>([
    ['of the headers', (see) => ({ onTurn: ({ chat }) => see(chat) })],
    [
      'of the stream',
      (see) => ({
        observer: { left: new AbortController().signal, onStart: ({ id }) => see(id), onText: () => undefined },
      }),
    ],
  ])('%s ends the turn as failed', async (_, toOptions) => {
    let id = '';
    const see = (chat: string) => {
      id = chat;
      return breakDown();
    };
    const options = { timeLimit: 60_000, storeLimit: 1_000, attributes: {}, ...toOptions(see) };
    const request = { prompt: 'lost', chatId: undefined, key: undefined };
    await expect(app.nest.get(ChatService, { strict: false }).reply('alice', request, options)).rejects.toBe(BROKEN);
    await expectFailedTurn(id, `${id}:1`);
  });
});
