import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, resetHead, setAttribute } from '../support/chat-items.js';
import { holdAgent } from '../support/held-agent.js';
import { readStream } from '../support/ui-stream.js';

interface ShownMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly status?: string;
}

const idsOf = (messages: readonly ShownMessage[]) => messages.map(({ id }) => id);

/** The ids of whole turns with these numbers. */
const idsOfTurns = (chatId: string, ...numbers: readonly number[]) =>
  numbers.flatMap((number) => [`${chatId}:${number}:user`, `${chatId}:${number}`]);

const OLD_MESSAGES = [
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: 'Where were we?' },
  { role: 'user', content: 'Well?' },
  { role: 'assistant', content: 'At the beginning.' },
];
const idsOfOldMessages = (chatId: string) => [`${chatId}:-2`, `${chatId}:-1:user`, `${chatId}:0:user`, `${chatId}:0`];

let app: ChatApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app.close());

describe('the id of a message', () => {
  const messagesOf = async (chatId: string) =>
    (await app.read(chatId).expect(200)).body.chat.messages as readonly ShownMessage[];
  const open = async (prompt = 'one') => (await app.chat({ prompt }).expect(200)).body.chat.id as string;

  /** All messages of a chat in pages of one turn, and the ids on each page. */
  async function readPages(chatId: string): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await app.messages(chatId, { limit: '1', ...(cursor && { cursor }) }).expect(200);
      ids.unshift(...idsOf(body.messages));
      cursor = body.next_cursor;
    } while (cursor);
    return ids;
  }

  it('is the same in the response, a replay, the chat and its pages', async () => {
    const chatId = await open();
    const ask = () => app.chat({ prompt: 'two', chat_id: chatId }, 'alice', { 'idempotency-key': 'two' }).expect(200);
    const ids = idsOfTurns(chatId, 1, 2);
    expect(idsOf((await ask()).body.chat.messages)).toEqual(ids);
    expect(idsOf((await ask()).body.chat.messages)).toEqual(ids);
    expect(idsOf(await messagesOf(chatId))).toEqual(ids);
    expect(await readPages(chatId)).toEqual(ids);
  });

  it('is in the start of a stream, for both messages of the turn', async () => {
    const chatId = await open();
    const { events } = await readStream(app.url, { prompt: 'two', chat_id: chatId });
    const [, , user, assistant] = await messagesOf(chatId);
    expect(events[0]).toMatchObject({
      type: 'start',
      messageId: assistant?.id,
      messageMetadata: { chat: { id: chatId }, user_message_id: user?.id },
    });
    expect(user?.id).toBe(`${chatId}:2:user`);
    expect(Object.keys(events.at(-1)?.messageMetadata ?? {})).toEqual(['chat']);
  });

  it('is in the start of a broken and of a replayed stream', async () => {
    const headers = { 'idempotency-key': 'torn' };
    app.agent.enqueue({ type: 'torn', afterChunks: 2 });
    const torn = await readStream(app.url, { prompt: 'one' }, { headers });
    const chatId = torn.events[0]!.messageMetadata!.chat.id;
    const again = await readStream(app.url, { prompt: 'one' }, { headers });
    const replay = await readStream(app.url, { prompt: 'one' }, { headers });
    const starts = [torn, again, replay].map(({ events: [start] }) => [
      start?.messageId,
      start?.messageMetadata?.user_message_id,
    ]);
    expect(starts).toEqual([1, 2, 2].map((number) => [`${chatId}:${number}`, `${chatId}:${number}:user`]));
    expect(Object.keys(torn.events.at(-1)?.messageMetadata ?? {})).toEqual(['chat']);
    expect(idsOf(await messagesOf(chatId))).toEqual(idsOfTurns(chatId, 1, 2));
  });

  it('does not change when a pending message fails or gets a reply', async () => {
    const chatId = await open();
    const agent = holdAgent(app);
    const asking = app.chat({ prompt: 'two', chat_id: chatId });
    const answered = asking.then(({ body }) => body);
    await agent.reached;
    expect((await messagesOf(chatId)).at(-1)).toMatchObject({ id: `${chatId}:2:user`, status: 'pending' });
    agent.release();
    await answered;
    await app.chat({ prompt: 'three [[fault hang-up]]', chat_id: chatId }).expect(502);
    const messages = await messagesOf(chatId);
    expect(idsOf(messages)).toEqual([...idsOfTurns(chatId, 1, 2), `${chatId}:3:user`]);
    expect(messages.at(-1)?.status).toBe('failed');
  });

  describe('of the original system', () => {
    it('has the number that cursors use, and stays when the chat goes on', async () => {
      const chatId = 'old-with-ids';
      await putItem(app, originalChat(chatId, OLD_MESSAGES));
      const ids = idsOfOldMessages(chatId);
      expect(idsOf(await messagesOf(chatId))).toEqual(ids);
      expect(await readPages(chatId)).toEqual(ids);
      const { body } = await app.chat({ prompt: 'Go on', chat_id: chatId }).expect(200);
      expect(idsOf(body.chat.messages)).toEqual([...ids, ...idsOfTurns(chatId, 1)]);
      expect(await readPages(chatId)).toEqual([...ids, ...idsOfTurns(chatId, 1)]);
    });

    it('stays when the messages move to an item of their own', async () => {
      const chatId = 'old-and-full';
      const reply = 'x'.repeat(399_000);
      await putItem(app, originalChat(chatId, [...OLD_MESSAGES.slice(0, 3), { role: 'assistant', content: reply }]));
      const { body } = await app.chat({ prompt: 'y'.repeat(20_000), chat_id: chatId }).expect(200);
      const ids = [...idsOfOldMessages(chatId), ...idsOfTurns(chatId, 1)];
      expect(idsOf(body.chat.messages)).toEqual(ids);
      expect(idsOf(await messagesOf(chatId))).toEqual(ids);
    });
  });

  describe('of a chat that the original system has written over', () => {
    it('is final once it was told, and no two messages have the same', async () => {
      const chatId = await open();
      await app.chat({ prompt: 'two', chat_id: chatId }).expect(200);
      await resetHead(app, chatId);
      const { events } = await readStream(app.url, { prompt: 'three', chat_id: chatId });
      const { body } = await app.chat({ prompt: 'four', chat_id: chatId }).expect(200);
      const messages = await messagesOf(chatId);
      expect(messages.map(({ content }) => content).filter((content) => content.length < 6)).toEqual(
        'zero one two three four'.split(' '),
      );
      expect(new Set(idsOf(messages)).size).toBe(messages.length);
      expect(idsOf(messages).slice(0, 5)).toEqual([`${chatId}:0:user`, ...idsOfTurns(chatId, 1, 2)]);
      expect(messages[6]?.id).toBe(events[0]?.messageId);
      expect(messages[5]?.id).toBe(events[0]?.messageMetadata?.user_message_id);
      expect(idsOf(body.chat.messages)).toEqual(idsOf(messages));
    });

    it.each([
      ['a later turn', ['one']],
      ['the first turn', []],
    ])('is final for a turn that ran meanwhile, and for the turn after it: %s', async (_, before) => {
      const chatId = `overwritten-${before.length}`;
      const recent = new Date().toISOString().replace('Z', '');
      const overwrite = () => putItem(app, { ...originalChat(chatId, OLD_MESSAGES), updated_at: recent });
      await putItem(app, originalChat(chatId, OLD_MESSAGES));
      for (const prompt of before) await app.chat({ prompt, chat_id: chatId }).expect(200);
      const agent = holdAgent(app);
      const running = readStream(app.url, { prompt: 'running', chat_id: chatId });
      await agent.reached;
      await overwrite();
      const next = readStream(app.url, { prompt: 'next', chat_id: chatId });
      while ((await messagesOf(chatId)).at(-1)?.content !== 'next') await new Promise(setImmediate);
      agent.release();
      const told = (await Promise.all([running, next])).map(({ events: [start] }) => start?.messageId);
      const messages = await messagesOf(chatId);
      expect(new Set(idsOf(messages)).size).toBe(messages.length);
      expect(messages.slice(-4).map(({ role, content }) => (role === 'user' ? content : 'reply'))).toEqual([
        'running',
        'reply',
        'next',
        'reply',
      ]);
      expect([messages.at(-3)?.id, messages.at(-1)?.id]).toEqual(told);
      expect(await readPages(chatId)).toEqual(idsOf(messages));
    });
  });
});

describe('chat.running', () => {
  const read = async (chatId: string) => (await app.read(chatId).expect(200)).body.chat;

  it('is true while a turn runs, also in a replay, and absent otherwise', async () => {
    const ask = (prompt: string, chatId?: string, key = prompt) =>
      app.chat({ prompt, chat_id: chatId }, 'alice', { 'idempotency-key': key });
    const first = (await ask('one').expect(200)).body.chat;
    expect(first).not.toHaveProperty('running');
    expect(await read(first.id)).not.toHaveProperty('running');
    const agent = holdAgent(app);
    const running = ask('two', first.id).then(({ body }) => body);
    await agent.reached;
    expect((await read(first.id)).running).toBe(true);
    const { chat } = (await ask('one').expect(200)).body;
    expect([chat.running, chat.messages.at(-1).status]).toEqual([true, 'pending']);
    agent.release();
    expect((await running).chat).not.toHaveProperty('running');
    expect(await read(first.id)).not.toHaveProperty('running');
  });

  it('is absent if the turn is dead', async () => {
    const { chat } = (await app.chat({ prompt: 'one' }).expect(200)).body;
    const agent = holdAgent(app);
    const running = app.chat({ prompt: 'two', chat_id: chat.id }).then(({ body }) => body);
    await agent.reached;
    await setAttribute(app, { id: chat.id, user_id: 'alice' }, 'open.until', Date.now() - 1);
    const dead = await read(chat.id);
    expect(dead.messages.at(-1).status).toBe('failed');
    expect(dead).not.toHaveProperty('running');
    agent.release();
    await running;
  });
});
