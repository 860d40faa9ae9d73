import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toKeyedChatId } from '../../src/chat/model/keyed-chat-id.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import {
  leaveTurn,
  originalChat,
  putItem,
  readHead,
  readItems,
  removeItem,
  setAttribute,
} from '../support/chat-items.js';
import { holdAgent } from '../support/held-agent.js';

const SECONDS_PER_DAY = 86_400;
const seconds = () => Math.floor(Date.now() / 1000);
const NOT_FOUND = { error: 'Chat not found' };

describe('expiry', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ CHAT_TTL_DAYS: '2', CHAT_HISTORY_LIMIT: '4' });
  });
  afterAll(() => app.close());

  const turn = async (prompt: string, chatId?: string) =>
    (await app.chat({ prompt, chat_id: chatId }).expect(200)).body.chat.id as string;
  const prompts = async (chatId: string) => {
    const { messages } = (await app.messages(chatId).expect(200)).body;
    return messages
      .filter(({ role }: { role: string }) => role === 'user')
      .map(({ content }: { content: string }) => content);
  };
  const head = (chatId: string) => ({ id: chatId, user_id: 'alice' });
  const turnItem = (chatId: string, number: number) => ({
    id: chatId,
    user_id: `alice#T#${String(number).padStart(12, '0')}`,
  });

  function expectInTwoDays(expiresAt: unknown): void {
    expect(expiresAt).toBeGreaterThan(seconds() + 2 * SECONDS_PER_DAY - 60);
    expect(expiresAt).toBeLessThanOrEqual(seconds() + 2 * SECONDS_PER_DAY);
  }

  it('is set on every item: head, turns of every kind, continuations', async () => {
    const chatId = await turn('long [[fault chunks bytes=700000]]');
    await app.chat({ prompt: 'failed [[fault hang-up]]', chat_id: chatId }).expect(502);
    await app.chat({ prompt: 'partial [[fault torn after=1]]', chat_id: chatId }).expect(502);
    const items = await readItems(app, chatId);
    expect(items.length).toBeGreaterThanOrEqual(6);
    for (const item of items) expectInTwoDays(item['expires_at']);
  });

  it('is set at the begin, even if the first turn never ends', async () => {
    const agent = holdAgent(app);
    const running = app.chat({ prompt: 'slow' }, 'alice', { 'idempotency-key': 'slow' }).then((response) => response);
    await agent.reached;
    const open = await readHead(app, toKeyedChatId('alice', 'slow'));
    expect(open).toHaveProperty('open');
    expectInTwoDays(open?.['expires_at']);
    agent.release();
    expect((await running).status).toBe(200);
  });

  it.each(['done', 'failed'])('is renewed on the head by a turn that is %s', async (status) => {
    const chatId = await turn('one');
    await setAttribute(app, head(chatId), 'expires_at', seconds() + 1000);
    const fault = status === 'failed' ? ' [[fault hang-up]]' : '';
    await app.chat({ prompt: `two${fault}`, chat_id: chatId }).expect(status === 'failed' ? 502 : 200);
    expectInTwoDays((await readHead(app, chatId))?.['expires_at']);
  });

  // A write of a turn may be late, and must find its chat.
  it.each([
    ['during the turn', 20],
    ['within an hour after the turn', 3000],
  ])('is renewed before the agent is asked, if the chat would expire %s', async (_when, left) => {
    const chatId = await turn('one');
    await setAttribute(app, head(chatId), 'expires_at', seconds() + left);
    const agent = holdAgent(app);
    const running = app.chat({ prompt: 'two', chat_id: chatId }).then((response) => response);
    await agent.reached;
    const open = await readHead(app, chatId);
    expect(open).toHaveProperty('open');
    expectInTwoDays(open?.['expires_at']);
    agent.release();
    expect((await running).status).toBe(200);
  });

  it('is renewed by a turn after a dead turn', async () => {
    const chatId = await turn('one');
    await setAttribute(app, head(chatId), 'open', {
      lease: 'dead',
      until: 1,
      prompt: 'two',
      at: new Date(0).toISOString(),
    });
    await setAttribute(app, head(chatId), 'turns', 2);
    await setAttribute(app, head(chatId), 'expires_at', seconds() + 1000);
    expect(await prompts(await turn('three', chatId))).toEqual(['one', 'two', 'three']);
    for (const item of await readItems(app, chatId)) expectInTwoDays(item['expires_at']);
  });

  it('is set on a chat of the original system by its next turn', async () => {
    await putItem(app, originalChat('old', [{ role: 'user', content: 'long ago' }]));
    expect(await prompts('old')).toEqual(['long ago']);
    await turn('now', 'old');
    expectInTwoDays((await readHead(app, 'old'))?.['expires_at']);
    expect(await prompts('old')).toEqual(['long ago', 'now']);
  });

  it('hides a chat that is still in the table', async () => {
    const chatId = await turn('two', await turn('one'));
    await setAttribute(app, head(chatId), 'expires_at', seconds() - 1);
    const before = app.agent.invocations.length;
    await app.read(chatId).expect(404, NOT_FOUND);
    await app.messages(chatId).expect(404, NOT_FOUND);
    await app.chat({ prompt: 'three', chat_id: chatId }).expect(404, NOT_FOUND);
    await app.remove(chatId).expect(404, NOT_FOUND);
    expect(app.agent.invocations).toHaveLength(before);
    expect(await readItems(app, chatId)).toHaveLength(3);
  });

  it('hides the chat of a key, and the key does not open it again', async () => {
    const key = { 'idempotency-key': 'opened' };
    const { chat } = (await app.chat({ prompt: 'one' }, 'alice', key).expect(200)).body;
    await setAttribute(app, head(chat.id), 'expires_at', seconds() - 1);
    await app.chat({ prompt: 'one' }, 'alice', key).expect(404, NOT_FOUND);
  });

  describe('of a head, which DynamoDB has removed before its turns', () => {
    /** Opens a chat of four turns with a key, and removes its head. */
    async function loseHead(key: string): Promise<string> {
      const { body } = await app.chat({ prompt: 'one' }, 'alice', { 'idempotency-key': key }).expect(200);
      for (const number of [2, 3, 4]) await leaveTurn(app, body.chat.id, number, { expires_at: seconds() + 1000 });
      await removeItem(app, head(body.chat.id));
      return body.chat.id;
    }

    it.each(['one', 'another'])('hides the chat of its key, and the key does not open it again: %s', async (prompt) => {
      const key = `left-${prompt}`;
      const chatId = await loseHead(key);
      const before = app.agent.invocations.length;
      await app.chat({ prompt }, 'alice', { 'idempotency-key': key }).expect(404, NOT_FOUND);
      expect(app.agent.invocations).toHaveLength(before);
      expect(await readHead(app, chatId)).toBeUndefined();
      await app.read(chatId).expect(404, NOT_FOUND);
    });

    it('hides it as long as a single turn has not expired', async () => {
      const chatId = await loseHead('one is left');
      for (const number of [1, 3, 4]) await setAttribute(app, turnItem(chatId, number), 'expires_at', seconds() - 1);
      await app.chat({ prompt: 'one' }, 'alice', { 'idempotency-key': 'one is left' }).expect(404, NOT_FOUND);
      expect(await readHead(app, chatId)).toBeUndefined();
    });

    it('lets its key open a new chat when all turns have expired, and shows nothing of the old one', async () => {
      const chatId = await loseHead('none is left');
      for (const number of [1, 2, 3, 4]) await setAttribute(app, turnItem(chatId, number), 'expires_at', seconds() - 1);
      const { body } = await app.chat({ prompt: 'new' }, 'alice', { 'idempotency-key': 'none is left' }).expect(200);
      expect(body.chat.messages.map(({ id }: { id: string }) => id)).toEqual([`${chatId}:1:user`, `${chatId}:1`]);
      expect(await prompts(chatId)).toEqual(['new']);
    });
  });

  it('hides single turns of a chat from its pages and from the agent', async () => {
    const chatId = await turn('one');
    for (const prompt of ['two', 'three', 'four']) await turn(prompt, chatId);
    await setAttribute(app, turnItem(chatId, 1), 'expires_at', seconds() - 1);
    await setAttribute(app, turnItem(chatId, 3), 'expires_at', seconds() - 1);
    expect(await prompts(chatId)).toEqual(['two', 'four']);
    const read = (await app.read(chatId).expect(200)).body.chat;
    expect(read.messages).toHaveLength(4);
    expect(read).not.toHaveProperty('next_cursor');

    await app.chat({ prompt: 'five [[fault hang-up]]', chat_id: chatId }).expect(502);
    await turn('six', chatId);
    const told = app.agent.invocations.at(-1)?.conversationHistory ?? [];
    expect(told.filter(({ role }) => role === 'user').map(({ text }) => text)).toEqual(['two', 'four']);
  });

  it('hides the reply of a key, and its turn runs again', async () => {
    const key = { 'idempotency-key': 'expired' };
    const chatId = await turn('one');
    const first = await app.chat({ prompt: 'keyed', chat_id: chatId }, 'alice', key).expect(200);
    await setAttribute(app, turnItem(chatId, 2), 'expires_at', seconds() - 1);
    const again = await app.chat({ prompt: 'keyed', chat_id: chatId }, 'alice', key).expect(200);
    expect(again.headers).not.toHaveProperty('idempotency-replayed');
    expect(first.body.chat.id).toBe(again.body.chat.id);
    expect(await prompts(chatId)).toEqual(['one', 'keyed']);
    expect(app.agent.invocations.filter(({ prompt }) => prompt === 'keyed')).toHaveLength(2);
  });
});

describe('without expiry', () => {
  it('no item expires, and the expiry of a chat is removed', async () => {
    const app = await startChatApp();
    const { chat } = (await app.chat({ prompt: 'one' }).expect(200)).body;
    for (const item of await readItems(app, chat.id)) expect(item).not.toHaveProperty('expires_at');
    for (const [left, prompt] of [
      [1000, 'two'],
      [2, 'three [[fault delay ms=2000]]'],
    ] as const) {
      await setAttribute(app, { id: chat.id, user_id: 'alice' }, 'expires_at', seconds() + left);
      await app.chat({ prompt, chat_id: chat.id }).expect(200);
      expect(await readHead(app, chat.id)).not.toHaveProperty('expires_at');
    }
    await app.close();
  });
});
