import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentProvider } from '../../src/chat/agent/agent.js';
import { ChatService, type ReplyOptions } from '../../src/chat/service/chat.service.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readHead } from '../support/chat-items.js';
import { tokenOf } from '../support/tokens.js';

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
