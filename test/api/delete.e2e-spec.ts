import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { leaveTurn, readItems, originalChat, putItem, setAttribute, setOnHead } from '../support/chat-items.js';
import { holdAgent } from '../support/held-agent.js';

const NOT_FOUND = { error: 'Chat not found' };

describe('DELETE /chats/{id}', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const turn = async (prompt: string, chatId?: string) =>
    (await app.chat({ prompt, chat_id: chatId }).expect(200)).body.chat.id as string;

  async function expectGone(chatId: string): Promise<void> {
    await app.read(chatId).expect(404, NOT_FOUND);
    await app.messages(chatId).expect(404, NOT_FOUND);
    await app.chat({ prompt: 'hello again', chat_id: chatId }).expect(404, NOT_FOUND);
    await app.remove(chatId).expect(404, NOT_FOUND);
    // The remaining items refuse late writes, have no text, and expire.
    for (const item of await readItems(app, chatId)) {
      expect(Object.keys(item).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
      expect(item['expires_at']).toBeGreaterThan(Date.now() / 1000);
    }
  }

  it('responds 204 without a body, and removes the chat for good', async () => {
    const chatId = await turn('two', await turn('one'));
    const answer = await app.remove(chatId).expect(204);
    expect(answer.text).toBe('');
    await expectGone(chatId);
  });

  it.each([
    ['goes on with the next list of chats, if it was interrupted', 61_000, 'finished'],
    ['is left to the process that runs it', 30_000, 'left'],
  ])('%s', async (_what, age, outcome) => {
    const chatId = await turn('two', await turn('one'));
    const at = new Date(Date.now() - age).toISOString();
    // The mark of a delete.
    await putItem(app, { id: chatId, user_id: 'alice', turns: 2, deleted_at: at, updated_at: at });
    const { body } = await app.list().expect(200);
    expect(body.chats.map(({ id }: { id: string }) => id)).not.toContain(chatId);
    if (outcome === 'finished') await expectGone(chatId);
    else expect((await readItems(app, chatId)).filter((item) => 'prompt' in item)).toHaveLength(2);
  });

  it('removes large replies, failed turns and keys', async () => {
    const chatId = await turn('long [[fault chunks bytes=900000]]');
    await app.chat({ prompt: 'bad [[fault hang-up]]', chat_id: chatId }, 'alice', { 'idempotency-key': 'k' });
    // More than one write deletes.
    await Promise.all(Array.from({ length: 28 }, (_, index) => leaveTurn(app, chatId, 3 + index)));
    await setOnHead(app, chatId, { turns: 30 });
    expect((await readItems(app, chatId)).length).toBeGreaterThan(32);
    await app.remove(chatId).expect(204);
    await expectGone(chatId);
  });

  it('removes a chat of the original system, continued or not', async () => {
    for (const chatId of ['old-1', 'old-2']) {
      await putItem(app, originalChat(chatId, [{ role: 'user', content: 'long ago' }]));
      if (chatId === 'old-2') await turn('and now', chatId);
      await app.remove(chatId).expect(204);
      await expectGone(chatId);
    }
  });

  it('ends only the agent session of this chat', async () => {
    const chatId = await turn('remember me');
    const other = await turn('remember me too');
    const [mine, others] = app.agent.invocations.slice(-2);
    await app.remove(chatId).expect(204);
    const ended = app.agent.invocations.filter(({ endSession }) => endSession).at(-1);
    expect(ended?.sessionId).toBe(mine?.sessionId);
    const { body } = await app.chat({ prompt: 'What did I say first?', chat_id: other }).expect(200);
    expect(app.agent.invocations.at(-1)?.sessionId).toBe(others?.sessionId);
    expect(body.response).toContain('The first thing you said to me was “remember me too”');
  });

  it('ends the agent session of a chat whose last turn is dead', async () => {
    const chatId = await turn('remember me');
    const { sessionId } = app.agent.invocations.at(-1)!;
    await setOnHead(app, chatId, {
      turns: 2,
      open: { lease: 'dead', until: 1, prompt: 'two', at: new Date().toISOString() },
    });
    await app.remove(chatId).expect(204);
    await expectGone(chatId);
    expect(app.agent.invocations.at(-1)).toMatchObject({ sessionId, endSession: true });
  });

  it('succeeds if the agent cannot be reached', async () => {
    const chatId = await turn('remember me');
    app.agent.enqueue({ type: 'hang-up' });
    await app.remove(chatId).expect(204);
    await expectGone(chatId);
  });

  it('does not call the agent if there is no session', async () => {
    await putItem(app, originalChat('old-3', [{ role: 'user', content: 'long ago' }]));
    const before = app.agent.invocations.length;
    await app.remove('old-3').expect(204);
    expect(app.agent.invocations).toHaveLength(before);
  });

  it('responds 409 while a turn runs, and succeeds after it', async () => {
    const chatId = await turn('first');
    const agent = holdAgent(app);
    const running = app.chat({ prompt: 'second', chat_id: chatId }).then((response) => response);
    await agent.reached;
    const refused = await app.remove(chatId).expect(409, { error: 'A turn is already in progress' });
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    agent.release();
    expect((await running).status).toBe(200);
    expect((await app.read(chatId)).body.chat.messages).toHaveLength(4);
    await app.remove(chatId).expect(204);
    await expectGone(chatId);
  });

  it('succeeds once the lease of a dead turn has run out', async () => {
    const chatId = await turn('first');
    const open = { lease: 'dead', until: Date.now() - 1, prompt: 'the last words', at: new Date(0).toISOString() };
    await setAttribute(app, { id: chatId, user_id: 'alice' }, 'open', open);
    await setAttribute(app, { id: chatId, user_id: 'alice' }, 'turns', 2);
    await app.remove(chatId).expect(204);
    await expectGone(chatId);
  });

  it('responds with the same bytes for a chat of another user and for a missing chat', async () => {
    const chatId = await turn('mine');
    const before = app.agent.invocations.length;
    const answers = await Promise.all(
      [chatId, 'no-such-chat', 'not%20an%20id'].map((id) => app.remove(id, 'mallory').set('x-request-id', 'same')),
    );
    const seen = answers.map(({ status, text, headers }) => JSON.stringify({ status, text, ...headers, date: '' }));
    expect(new Set(seen).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, text: JSON.stringify(NOT_FOUND) });
    expect(app.agent.invocations).toHaveLength(before);
    expect((await app.read(chatId).expect(200)).body.chat.messages).toHaveLength(2);
    expect(await readItems(app, 'no-such-chat')).toEqual([]);
  });

  it('deletes once if several requests come at once', async () => {
    const chatId = await turn('one');
    const answers = await Promise.all([1, 2, 3, 4].map(() => app.remove(chatId)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(204);
    expect(statuses.filter((status) => status !== 204 && status !== 404)).toEqual([]);
    await expectGone(chatId);
  });
});
