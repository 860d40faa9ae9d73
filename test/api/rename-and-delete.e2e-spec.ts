import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import {
  originalChat,
  putItem,
  readHead,
  leaveTurn,
  readItems,
  setAttribute,
  setOnHead,
} from '../support/chat-items.js';
import { holdAgent } from '../support/held-agent.js';
import { tokenOf } from '../support/tokens.js';
import { readStream } from '../support/ui-stream.js';

const NOT_FOUND = { error: 'Chat not found' };

let app: ChatApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app.close());

const turn = async (prompt: string, chatId?: string) =>
  (await app.chat({ prompt, chat_id: chatId }).expect(200)).body.chat.id as string;

describe('PATCH /chats/{id}', () => {
  let chatId: string;
  beforeAll(async () => {
    chatId = await turn('first');
  });

  const titleOf = async (id: string) => (await app.read(id).expect(200)).body.chat.title as string;

  it('responds with the chat without messages, whose times are unchanged', async () => {
    const { messages: _, ...before } = (await app.read(chatId).expect(200)).body.chat;
    const { body } = await app.rename(chatId, { title: 'A weekend' }).expect(200);
    expect(body).toEqual({ chat: { ...before, title: 'A weekend' } });
    const { messages, ...after } = (await app.read(chatId).expect(200)).body.chat;
    expect(after).toEqual(body.chat);
    expect(messages).toHaveLength(2);
  });

  it('keeps the chat at its place in the list, which has the new title', async () => {
    const ids = [await turn('one'), await turn('two')];
    await app.rename(ids[0]!, { title: 'renamed' }).expect(200);
    const { chats } = (await app.list({ limit: '2' }).expect(200)).body;
    expect(chats.map(({ title }: { title: string }) => title)).toEqual(['two', 'renamed']);
  });

  it('keeps the title through later turns, which still move the chat to the top', async () => {
    const id = await turn('one');
    await turn('two');
    await app.rename(id, { title: 'renamed' }).expect(200);
    const { body } = await app.chat({ prompt: 'more', chat_id: id }).expect(200);
    expect(body.chat.title).toBe('renamed');
    expect((await app.list({ limit: '1' }).expect(200)).body.chats).toEqual([
      expect.objectContaining({ id, title: 'renamed', updated_at: body.chat.updated_at }),
    ]);
  });

  it('is in the response to a turn that ran meanwhile', async () => {
    const id = await turn('one');
    const agent = holdAgent(app);
    const running = app.chat({ prompt: 'two', chat_id: id }).then((response) => response);
    await agent.reached;
    await app.rename(id, { title: 'renamed' }).expect(200);
    agent.release();
    const { body } = await running;
    expect([body.chat.title, await titleOf(id)]).toEqual(['renamed', 'renamed']);
  });

  it('is on the finish of a stream that ran meanwhile', async () => {
    const id = await turn('one');
    const agent = holdAgent(app);
    const streaming = readStream(app.url, { prompt: 'two', chat_id: id });
    await agent.reached;
    await app.rename(id, { title: 'renamed' }).expect(200);
    agent.release();
    const finish = (await streaming).events.findLast(({ type }) => type === 'finish');
    expect(finish).toMatchObject({ messageMetadata: { chat: { title: 'renamed' } } });
  });

  it.each([
    ['bidirectional and zero-width controls', 'invoice\u202e\u200bfdp.exe\u2069\ufeff', 'invoicefdp.exe'],
    ['white space and control characters', ' two\tlines\r\n\u0007 of text ', 'two lines of text'],
    ['no joiner that an emoji or a word needs', '👨‍👩‍👧 می‌خواهم', '👨‍👩‍👧 می‌خواهم'],
  ])('is one line without %s', async (_, title, shown) => {
    const id = await turn('one');
    const { body } = await app.rename(id, { title }).expect(200);
    expect([body.chat.title, await titleOf(id)]).toEqual([shown, shown]);
  });

  it('renames a chat of the original system, and leaves its messages alone', async () => {
    const messages = [{ role: 'user', content: 'long ago' }];
    await putItem(app, originalChat('old', messages));
    await app.rename('old', { title: 'renamed' }).expect(200);
    const { chat } = (await app.read('old').expect(200)).body;
    expect(chat).toMatchObject({ title: 'renamed', updated_at: '2024-05-01T10:05:00.654Z', messages });
  });

  it.each([
    ['200 letters', 'ä'.repeat(200)],
    ['200 code points of families', '👩‍👩‍👧'.repeat(40)],
  ])('takes a title as it is: %s', async (_, title) => {
    await app.rename(chatId, { title }).expect(200);
    expect(await titleOf(chatId)).toBe(title);
  });

  it('counts code points: 200 characters outside the BMP are not too long', async () => {
    await app.rename(chatId, { title: '𝕏'.repeat(200) }).expect(200);
    await app
      .rename(chatId, { title: '𝕏'.repeat(201) })
      .expect(400, { error: "Field 'title' must be at most 200 characters" });
  });

  it.each([
    [{}, "Field 'title' is required"],
    [{ title: null }, "Field 'title' is required"],
    [{ title: '' }, "Field 'title' is required"],
    [{ title: ' \n\t ' }, "Field 'title' is required"],
    [{ title: ' \u200b\u202e\u0007' }, "Field 'title' is required"],
    [{ title: '\u200b'.repeat(201) }, "Field 'title' is required"],
    [{ title: `${' '.repeat(2_000)}x` }, "Field 'title' must be at most 200 characters"],
    [{ title: '\u200b\ud800' }, "Field 'title' is invalid"],
    [{ title: 7 }, "Field 'title' must be a string"],
    [{ title: 'x\ud800' }, "Field 'title' is invalid"],
    [{ title: '', pinned: true }, "Field 'title' is required"],
    [{ title: 'x', pinned: true }, "Field 'pinned' is not allowed"],
  ])('refuses %j', async (body, error) => {
    // A fault of the body comes before the chat is looked for.
    for (const id of [chatId, 'no-such-chat']) await app.rename(id, body).expect(400, { error });
  });

  it.each<[string, string, string, number, string]>([
    ['no JSON', '{"title":', 'application/json', 400, 'Request body is not valid JSON'],
    ['a list', '["x"]', 'application/json', 400, 'Request body is not valid JSON'],
    ['a form', 'title=x', 'application/x-www-form-urlencoded', 415, 'Content-Type must be application/json'],
    ['large', 'x'.repeat(256 * 1024 + 1), 'application/json', 413, 'Request body is too large'],
    ['empty', '', 'application/json', 400, "Field 'title' is required"],
  ])('refuses a body that is %s', async (_, text, type, status, error) => {
    const request = supertest(app.url).patch(`/chats/${chatId}`).set('id_token', tokenOf('alice'));
    await request.set('content-type', type).send(text).expect(status, { error });
  });

  it('responds 404 for chats that are unknown, deleted or malformed, and creates none', async () => {
    const deleted = await turn('one');
    await app.remove(deleted).expect(204);
    for (const id of [deleted, 'no-such-chat', 'not%20an%20id']) {
      await app.rename(id, { title: 'x' }).expect(404, NOT_FOUND);
    }
    expect(await readHead(app, 'no-such-chat')).toBeUndefined();
    expect(await readHead(app, deleted)).not.toHaveProperty('title');
  });

  it('responds 401 without a token', async () => {
    const request = app.rename(chatId, { title: 'x' }).set('id_token', '');
    await request.expect(401, { error: 'Invalid id_token: token is missing' });
  });
});

describe('DELETE /chats/{id}', () => {
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
