import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead } from '../support/chat-items.js';
import { holdAgent } from '../support/held-agent.js';
import { tokenOf } from '../support/tokens.js';
import { readStream } from '../support/ui-stream.js';

const NOT_FOUND = { error: 'Chat not found' };

describe('PATCH /chats/{id}', () => {
  let app: ChatApp;
  let chatId: string;
  beforeAll(async () => {
    app = await startChatApp();
    chatId = await turn('first');
  });
  afterAll(() => app.close());

  const turn = async (prompt: string, id?: string) =>
    (await app.chat({ prompt, chat_id: id }).expect(200)).body.chat.id as string;
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
    ['one letter', 'x'],
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
    [{ title: ['x'] }, "Field 'title' must be a string"],
    [{ title: { x: 1 } }, "Field 'title' must be a string"],
    [{ title: 'x\ud800' }, "Field 'title' is invalid"],
    [{ title: '', pinned: true }, "Field 'title' is required"],
    [{ title: 'x', pinned: true }, "Field 'pinned' is not allowed"],
    [{ title: 'x', id: 'y' }, "Field 'id' is not allowed"],
  ])('refuses %j', async (body, error) => {
    // A fault of the body comes before the chat is looked for.
    for (const id of [chatId, 'no-such-chat', 'not%20an%20id']) await app.rename(id, body).expect(400, { error });
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
