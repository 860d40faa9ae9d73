import createClient from 'openapi-fetch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { paths } from '../../openapi.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { tokenOf } from '../support/tokens.js';

/** The compiler checks each call here against openapi.json. */
describe('a client that is generated from openapi.json', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const connect = (headers: Record<string, string> = { id_token: tokenOf('alice') }) =>
    createClient<paths>({ baseUrl: app.url, headers });

  it('asks, reads, pages and deletes', async () => {
    const client = connect();
    const { data: first } = await client.POST('/chat', { body: { prompt: 'one' } });
    const id = first!.chat.id;
    const { data: second } = await client.POST('/chat', {
      params: { header: { 'Idempotency-Key': 'k-1' } },
      body: { prompt: 'two', chat_id: id },
    });
    expect(second!.chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);

    const path = { id };
    const { data: read } = await client.GET('/chats/{id}', { params: { path } });
    expect(read!.chat.title).toBe('one');
    const { data: newest } = await client.GET('/chats/{id}/messages', { params: { path, query: { limit: 2 } } });
    const query = { limit: 2, cursor: newest!.next_cursor! };
    const { data: oldest } = await client.GET('/chats/{id}/messages', { params: { path, query } });
    expect(oldest!.messages[0]).toMatchObject({ role: 'user', content: 'one' });
    expect(oldest).not.toHaveProperty('next_cursor');

    expect((await client.DELETE('/chats/{id}', { params: { path } })).response.status).toBe(204);
    const { error } = await client.GET('/chats/{id}', { params: { path } });
    expect(error?.error).toBe('Chat not found');
  });

  it('streams', async () => {
    const { data, response } = await connect().POST('/chat/stream', { body: { prompt: 'hello' }, parseAs: 'text' });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(data).toMatch(/^data: \{"type":"start"[^]*data: \[DONE\]\n\n$/);
  });

  it('sends the token in either way, and probes without one', async () => {
    const bearer = connect({ authorization: `Bearer ${tokenOf('alice')}` });
    expect((await bearer.POST('/chat', { body: { prompt: 'hello' } })).response.status).toBe(200);
    const { data } = await connect({}).GET('/health/ready');
    expect(data).toEqual({ status: 'ok' });
    const { error } = await connect({}).POST('/chat', { body: { prompt: 'hello' } });
    expect(error?.error).toBe('Invalid id_token: token is missing');
  });
});
