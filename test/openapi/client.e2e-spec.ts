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

  it('lists two pages of chats, renames one and deletes all', async () => {
    const client = connect({ id_token: tokenOf('bob') });
    const ids: string[] = [];
    for (const prompt of ['one', 'two', 'three']) {
      ids.unshift((await client.POST('/chat', { body: { prompt } })).data!.chat.id);
    }
    const { data: first } = await client.GET('/chats', { params: { query: { limit: 2 } } });
    const query = { limit: 2, cursor: first!.next_cursor! };
    const { data: second } = await client.GET('/chats', { params: { query } });
    expect([...first!.chats, ...second!.chats].map(({ id }) => id)).toEqual(ids);
    expect(second).not.toHaveProperty('next_cursor');

    const path = { id: ids[0]! };
    const { data: renamed } = await client.PATCH('/chats/{id}', { params: { path }, body: { title: 'A trip' } });
    expect(renamed!.chat).toEqual({ ...first!.chats[0], title: 'A trip' });

    expect((await client.DELETE('/chats')).response.status).toBe(204);
    expect((await client.GET('/chats')).data).toEqual({ chats: [] });
  });

  it('streams', async () => {
    const { data, response } = await connect().POST('/chat/stream', { body: { prompt: 'hello' }, parseAs: 'text' });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(data).toMatch(/^data: \{"type":"start"[^]*data: \[DONE\]\n\n$/);
  });

  it('sends the token in either way, and probes without one', async () => {
    const bearer = connect({ authorization: `Bearer ${tokenOf('alice')}` });
    expect((await bearer.POST('/chat', { body: { prompt: 'hello' } })).response.status).toBe(200);
    for (const path of ['/health', '/health/ready'] as const) {
      expect((await connect({}).GET(path)).data).toEqual({ status: 'ok' });
    }
    const { error } = await connect({}).POST('/chat', { body: { prompt: 'hello' } });
    expect(error?.error).toBe('Invalid id_token: token is missing');
  });
});
