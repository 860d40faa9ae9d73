import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { stopTurn } from '../support/live-turn-client.js';
import { StreamReader } from '../support/stream-reader.js';
import { tokenOf } from '../support/tokens.js';

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
