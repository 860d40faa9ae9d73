import supertest from 'supertest';
import { encodeCursor } from '../../src/chat/api/dto/cursor.js';

/** Every route with a chat's id or a cursor, and its response to another user. */
export const ROUTES: readonly {
  route: string;
  /** The way of the request, if there are several. */
  way: string;
  send: (url: string, chatId: string, user: string) => supertest.Test;
  owner: number;
  /** A response without a body has none here. */
  stranger: [status: number, body?: object];
  /** For an id that no chat can have. */
  malformed: [status: number, body?: object];
}[] = [
  {
    route: 'POST /chat',
    way: '',
    send: (url, chatId) => supertest(url).post('/chat').send({ prompt: 'hello', chat_id: chatId }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [400, { error: "Field 'chat_id' is invalid" }],
  },
  {
    route: 'POST /chat',
    way: ' with a key',
    send: (url, chatId) =>
      supertest(url).post('/chat').set('idempotency-key', 'the key of all').send({ prompt: 'hello', chat_id: chatId }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [400, { error: "Field 'chat_id' is invalid" }],
  },
  {
    route: 'POST /chat',
    way: ' in place of a message',
    send: (url, chatId) =>
      supertest(url)
        .post('/chat')
        .send({ prompt: 'hello', chat_id: chatId, replace_from: `${chatId}:1:user` }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [400, { error: "Field 'chat_id' is invalid" }],
  },
  {
    route: 'POST /chat/stream',
    way: '',
    send: (url, chatId) => supertest(url).post('/chat/stream').send({ prompt: 'hello', chat_id: chatId }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [400, { error: "Field 'chat_id' is invalid" }],
  },
  {
    route: 'GET /chats/{id}/messages',
    way: '',
    send: (url, chatId) => supertest(url).get(`/chats/${encodeURIComponent(chatId)}/messages`),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
  {
    route: 'GET /chats/{id}/messages',
    way: ' with a cursor of the caller’s own making',
    send: (url, chatId, user) =>
      supertest(url)
        .get(`/chats/${encodeURIComponent(chatId)}/messages`)
        .query({ cursor: encodeCursor(user, chatId, 2) }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
  {
    route: 'PATCH /chats/{id}',
    way: '',
    send: (url, chatId) =>
      supertest(url)
        .patch(`/chats/${encodeURIComponent(chatId)}`)
        .send({ title: 'mine' }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
  {
    route: 'DELETE /chats/{id}',
    way: '',
    send: (url, chatId) => supertest(url).delete(`/chats/${encodeURIComponent(chatId)}`),
    owner: 204,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
  {
    route: 'GET /chats/{id}',
    way: '',
    send: (url, chatId) => supertest(url).get(`/chats/${encodeURIComponent(chatId)}`),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
  {
    route: 'GET /chat/stream/{id}/stream',
    way: '',
    send: (url, chatId) => supertest(url).get(`/chat/stream/${encodeURIComponent(chatId)}/stream`),
    owner: 204,
    stranger: [204],
    malformed: [204],
  },
  {
    route: 'POST /chats/{id}/stop',
    way: '',
    send: (url, chatId) => supertest(url).post(`/chats/${encodeURIComponent(chatId)}/stop`),
    owner: 204,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
];

/** The text of a body, which may be absent. */
export const toBodyText = (body: object | undefined) => (body ? JSON.stringify(body) : '');

/** Every route to all chats of a user, and its response to a user who has none. */
export const LIST_ROUTES = [
  { route: 'GET /chats', way: '', owner: 200, stranger: 200, text: '{"chats":[]}' },
  {
    route: 'GET /chats',
    way: ' with a cursor of the caller’s own making',
    owner: 200,
    stranger: 200,
    text: '{"chats":[]}',
  },
  { route: 'DELETE /chats', way: '', owner: 204, stranger: 204, text: '' },
] as const;
