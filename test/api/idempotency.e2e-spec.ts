import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { holdAgent } from '../support/held-agent.js';

describe('Idempotency-Key', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const send = (key: string, prompt: string, chatId?: string, user = 'alice') =>
    app.chat({ prompt, chat_id: chatId }, user, { 'idempotency-key': key });
  const newChat = async (user = 'alice') =>
    (await app.chat({ prompt: 'zero' }, user).expect(200)).body.chat.id as string;
  const callsFor = (prompt: string) => app.agent.invocations.filter((call) => call.prompt === prompt).length;

  // Without a chat id the turn opens a chat. With one it belongs to that chat.
  describe.each([
    ['without a chat', async () => undefined],
    ['in a chat', () => newChat()],
  ])('%s', (where, chat) => {
    it('replays the stored reply and does not ask the agent again', async () => {
      const chatId = await chat();
      const prompt = `Lisbon, replayed ${where}`;
      const first = await send('replay', prompt, chatId).expect(200);
      expect(first.headers).not.toHaveProperty('idempotency-replayed');
      const again = await send('replay', prompt, chatId).expect(200);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(again.body).toEqual(first.body);
      expect(callsFor(prompt)).toBe(1);
    });

    it('replays it even if the chat has continued', async () => {
      const chatId = await chat();
      const first = await send('gone on', 'one', chatId).expect(200);
      await app.chat({ prompt: 'two', chat_id: first.body.chat.id }).expect(200);
      const again = await send('gone on', 'one', chatId).expect('idempotency-replayed', 'true').expect(200);
      expect(again.body.response).toBe(first.body.response);
      expect(again.body.chat).toEqual((await app.read(first.body.chat.id)).body.chat);
      expect(again.body.chat.messages.at(-2).content).toBe('two');
    });

    it('responds 409 while its turn is running', async () => {
      const chatId = await chat();
      const prompt = `slow ${where}`;
      const agent = holdAgent(app);
      const running = send('running', prompt, chatId).then((response) => response);
      await agent.reached;
      const again = await send('running', prompt, chatId).expect(409, { error: 'A turn is already in progress' });
      expect(again.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      agent.release();
      const first = await running;
      expect(first.status).toBe(200);
      expect((await send('running', prompt, chatId).expect(200)).body).toEqual(first.body);
      expect(callsFor(prompt)).toBe(1);
    });

    it('responds 422 to another prompt, during the first turn and after it', async () => {
      const chatId = await chat();
      const prompt = `mine ${where}`;
      const agent = holdAgent(app);
      const running = send('taken', prompt, chatId).then((response) => response);
      await agent.reached;
      const refusal = { error: 'Idempotency-Key was used with another request' };
      await send('taken', 'another', chatId).expect(422, refusal);
      agent.release();
      const { body } = await running;
      await send('taken', 'another', chatId).expect(422, refusal);
      expect((await app.read(body.chat.id)).body).toEqual({ chat: body.chat });
      expect(callsFor('another')).toBe(0);
    });

    it.each([
      ['failed', 'hang-up', [['user', 'failed']]],
      ['partial', 'torn after=2', [['user', undefined], ['assistant', 'partial']]], // prettier-ignore
    ])('runs again, as a new turn, after a %s one', async (_status, fault, kept) => {
      const chatId = await chat();
      // Directives count per session, so the fault is scripted here to happen once.
      const prompt = `once ${fault} ${where}`;
      app.agent.enqueue(fault === 'hang-up' ? { type: 'hang-up' } : { type: 'torn', afterChunks: 2 });
      await send(`again ${fault}`, prompt, chatId).expect(502);
      const second = await send(`again ${fault}`, prompt, chatId).expect(200);
      expect(second.headers).not.toHaveProperty('idempotency-replayed');
      const { messages } = second.body.chat;
      const states = messages.map(({ role, status }: { role: string; status?: string }) => [role, status]);
      const before = chatId === undefined ? [] : [['user', undefined], ['assistant', undefined]]; // prettier-ignore
      expect(states).toEqual([...before, ...kept, ['user', undefined], ['assistant', undefined]]);
      const third = await send(`again ${fault}`, prompt, chatId).expect('idempotency-replayed', 'true').expect(200);
      expect(third.body).toEqual(second.body);
      expect(callsFor(prompt)).toBe(2);
    });

    it('is a different key for another user', async () => {
      const prompt = `private ${where}`;
      const mine = await send('shared', prompt, await chat()).expect(200);
      const theirs = await send('shared', prompt, where === 'in a chat' ? await newChat('bob') : undefined, 'bob');
      expect(theirs.status).toBe(200);
      expect(theirs.headers).not.toHaveProperty('idempotency-replayed');
      expect(theirs.body.chat.id).not.toBe(mine.body.chat.id);
      expect(theirs.body.chat.user_id).toBe('bob');
      expect(callsFor(prompt)).toBe(2);
    });
  });

  it('is a different key in another chat', async () => {
    for (const chatId of [await newChat(), await newChat(), undefined]) {
      await send('everywhere', 'same words', chatId).expect(200);
    }
    expect(callsFor('same words')).toBe(3);
  });

  it('does not let another user into a chat', async () => {
    const chatId = await newChat();
    await send('known', 'known words', chatId).expect(200);
    await send('known', 'known words', chatId, 'bob').expect(404, { error: 'Chat not found' });
    expect(callsFor('known words')).toBe(1);
  });

  it('is kept for the last 16 turns of its chat, and for ever if it opened the chat', async () => {
    const chatId = (await send('opener', 'the opener').expect(200)).body.chat.id as string;
    await send('oldest', 'the oldest', chatId).expect(200);
    for (let turn = 3; turn <= 17; turn += 1) await app.chat({ prompt: `turn ${turn}`, chat_id: chatId }).expect(200);
    await send('oldest', 'the oldest', chatId).expect('idempotency-replayed', 'true').expect(200);
    const again = await send('opener', 'the opener').expect('idempotency-replayed', 'true').expect(200);
    expect(again.body.chat.id).toBe(chatId);
    expect([callsFor('the oldest'), callsFor('the opener')]).toEqual([1, 1]);
  });

  it('runs one turn for eight concurrent requests', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('eight', 'all at once')));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].toSorted()).toEqual(statuses.has(409) ? [200, 409] : [200]);
    const given = answers.filter(({ status }) => status === 200).map(({ body }) => body.response);
    expect(new Set(given).size).toBe(1);
    expect(callsFor('all at once')).toBe(1);
  });

  it.each(['~', 'a key with spaces', '"quoted"', 'x'.repeat(255)])('may be %j', async (key) => {
    await send(key, `key ${key}`).expect(200);
  });

  it.each([
    ['empty', ''],
    // Outer white space is no part of a header's value (RFC 9110, section 5.5).
    ['blank', '  '],
    ['of 256 characters', 'x'.repeat(256)],
    ['outside ASCII', 'clé'],
    ['with a tab', 'a\tb'],
  ])('is refused when it is %s', async (_, key) => {
    const prompt = 'bad key';
    await send(key, prompt).expect(400, { error: `Header 'Idempotency-Key' is invalid` });
    expect(callsFor(prompt)).toBe(0);
  });

  it('is optional: the same prompt twice makes two turns', async () => {
    const chatId = await newChat();
    await app.chat({ prompt: 'twice', chat_id: chatId }).expect(200);
    const { body } = await app.chat({ prompt: 'twice', chat_id: chatId }).expect(200);
    expect(body.chat.messages).toHaveLength(6);
    expect(callsFor('twice')).toBe(2);
  });

  it('finds nothing after its chat was deleted', async () => {
    const { body } = await send('deleted', 'to be deleted').expect(200);
    await app.remove(body.chat.id).expect(204);
    await send('deleted', 'to be deleted').expect(404, { error: 'Chat not found' });
    await send('deleted', 'to be deleted', body.chat.id).expect(404, { error: 'Chat not found' });
    expect(callsFor('to be deleted')).toBe(1);
  });
});
