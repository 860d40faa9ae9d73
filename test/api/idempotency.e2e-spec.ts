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

  // Without a chat the key opens one; with one it is a turn of that chat.
  describe.each([
    ['without a chat', async () => undefined],
    ['in a chat', () => newChat()],
  ])('%s', (where, chat) => {
    it('replays the stored answer and does not ask the agent again', async () => {
      const chatId = await chat();
      const prompt = `Lisbon, replayed ${where}`;
      const first = await send('replay', prompt, chatId).expect(200);
      expect(first.headers).not.toHaveProperty('idempotency-replayed');
      const again = await send('replay', prompt, chatId).expect(200);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(again.body).toEqual(first.body);
      expect(callsFor(prompt)).toBe(1);
    });

    it('replays it also when the chat has gone on', async () => {
      const chatId = await chat();
      const first = await send('gone on', 'one', chatId).expect(200);
      await app.chat({ prompt: 'two', chat_id: first.body.chat.id }).expect(200);
      const again = await send('gone on', 'one', chatId).expect('idempotency-replayed', 'true').expect(200);
      expect(again.body.response).toBe(first.body.response);
      expect(again.body.chat).toEqual((await app.read(first.body.chat.id)).body.chat);
      expect(again.body.chat.messages.at(-2).content).toBe('two');
    });

    it('is 409 while its turn is running', async () => {
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

    it('is 422 with another prompt, while the first is running and after it', async () => {
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
      // Each session counts its own attempts, so that the fault is scripted here: once and not again.
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

    it('of another user is another key', async () => {
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

  it('of one chat is another key in the next chat', async () => {
    for (const chatId of [await newChat(), await newChat(), undefined]) {
      await send('everywhere', 'same words', chatId).expect(200);
    }
    expect(callsFor('same words')).toBe(3);
  });

  it('does not lead a foreign caller into a chat', async () => {
    const chatId = await newChat();
    await send('known', 'known words', chatId).expect(200);
    await send('known', 'known words', chatId, 'bob').expect(404, { error: 'Chat not found' });
    expect(callsFor('known words')).toBe(1);
  });

  it('is kept for the last 16 turns of its chat', async () => {
    const chatId = await newChat();
    await send('oldest', 'the oldest', chatId).expect(200);
    for (let turn = 2; turn <= 16; turn += 1) await app.chat({ prompt: `turn ${turn}`, chat_id: chatId }).expect(200);
    await send('oldest', 'the oldest', chatId).expect('idempotency-replayed', 'true').expect(200);
    expect(callsFor('the oldest')).toBe(1);
  });

  it('that opened its chat is never forgotten', async () => {
    const { body } = await send('opener', 'the opener').expect(200);
    for (let turn = 2; turn <= 18; turn += 1) {
      await app.chat({ prompt: `turn ${turn}`, chat_id: body.chat.id }).expect(200);
    }
    const again = await send('opener', 'the opener').expect('idempotency-replayed', 'true').expect(200);
    expect(again.body.chat.id).toBe(body.chat.id);
    expect(callsFor('the opener')).toBe(1);
  });

  it('is answered once to eight callers at once', async () => {
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

  it('is not needed: two turns with the same words are two turns', async () => {
    const chatId = await newChat();
    await app.chat({ prompt: 'twice', chat_id: chatId }).expect(200);
    const { body } = await app.chat({ prompt: 'twice', chat_id: chatId }).expect(200);
    expect(body.chat.messages).toHaveLength(6);
    expect(callsFor('twice')).toBe(2);
  });

  it('of a deleted chat finds nothing', async () => {
    const { body } = await send('deleted', 'to be deleted').expect(200);
    await app.remove(body.chat.id).expect(204);
    await send('deleted', 'to be deleted').expect(404, { error: 'Chat not found' });
    await send('deleted', 'to be deleted', body.chat.id).expect(404, { error: 'Chat not found' });
    expect(callsFor('to be deleted')).toBe(1);
  });
});
