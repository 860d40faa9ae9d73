import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readStream, WHOLE } from '../support/ui-stream.js';
import { tokenOf } from '../support/tokens.js';

describe('a server with BASE_PATH=/api/v1', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ BASE_PATH: '/api/v1', CORS_ORIGINS: 'https://app.example.com' });
  });
  afterAll(() => app.close());

  it.each(['/api/v1', ''])('serves its routes below %j', async (base) => {
    const client = supertest(app.url);
    const turn = await client.post(`${base}/chat`).set('id_token', tokenOf('alice')).send({ prompt: 'hello' });
    expect(turn.status).toBe(200);
    const { id } = turn.body.chat;
    const page = `${base}/chats/${id}/messages?limit=2`;
    expect((await client.get(page).set('id_token', tokenOf('alice'))).body.messages).toHaveLength(2);
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    await client.options(`${base}/chat`).set(preflight).expect(204);
    expect((await readStream(`${app.url}${base}`, { prompt: 'hello' })).outline).toEqual(WHOLE);
    await client.delete(`${base}/chats/${id}`).set('id_token', tokenOf('alice')).expect(204);
  });

  it.each(['/api/chat', '/api/v1chat', '/api/v1/api/v1/chat', '/API/V1/chat', '/x/api/v1/chat'])(
    'has no route %s',
    async (path) => {
      await supertest(app.url).post(path).send({ prompt: 'hello' }).expect(404, { error: 'Not found' });
    },
  );
});
