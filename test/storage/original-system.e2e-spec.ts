import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';

const MESSAGES = [
  { role: 'user', content: 'Where were we?' },
  { role: 'assistant', content: 'At the beginning.' },
  { role: 'user', content: 'And now?' },
  { role: 'assistant', content: 'Further on.' },
];

/** A chat as the original system wrote it: one item with its messages, and times without a zone. */
const ITEM = {
  id: '0b5c2a50-3d0f-4f2e-9c55-2f1f6c1f0e11',
  user_id: 'alice',
  title: 'Where were we?',
  created_at: '2024-05-01T10:00:00.123456',
  updated_at: '2024-05-01T10:05:00.654321',
  messages: MESSAGES,
};

/** Its messages as the service shows them. */
const SHOWN = MESSAGES.map((message, index) => ({
  id: [`${ITEM.id}:-1:user`, `${ITEM.id}:-1`, `${ITEM.id}:0:user`, `${ITEM.id}:0`][index],
  ...message,
}));

describe('a chat of the original system', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
    await app.table.send(new PutCommand({ TableName: app.environment.DYNAMODB_TABLE, Item: ITEM }));
  });
  afterAll(() => app.close());

  it('is read with its messages, its times given out in the documented form', async () => {
    const { body } = await app.read(ITEM.id).expect(200);
    expect(body.chat).toEqual({
      ...ITEM,
      messages: SHOWN,
      created_at: '2024-05-01T10:00:00.123Z',
      updated_at: '2024-05-01T10:05:00.654Z',
    });
  });

  it('is hidden from other users', async () => {
    await app.read(ITEM.id, 'bob').expect(404, { error: 'Chat not found' });
    await app.chat({ prompt: 'x', chat_id: ITEM.id }, 'bob').expect(404, { error: 'Chat not found' });
  });

  it('can be continued without a loss', async () => {
    const { body } = await app.chat({ prompt: 'Go on', chat_id: ITEM.id }).expect(200);
    expect(body.chat).toMatchObject({ title: ITEM.title, created_at: '2024-05-01T10:00:00.123Z' });
    expect(body.chat.messages).toHaveLength(6);
    expect(body.chat.messages.slice(0, 4)).toEqual(SHOWN);
    expect(body.chat.messages[4]).toMatchObject({ role: 'user', content: 'Go on' });
    expect((await app.read(ITEM.id)).body).toEqual({ chat: body.chat });
    const key = { id: ITEM.id, user_id: ITEM.user_id };
    const { Item } = await app.table.send(new GetCommand({ TableName: app.environment.DYNAMODB_TABLE, Key: key }));
    expect(Item).toMatchObject({ messages: MESSAGES, created_at: ITEM.created_at, title: ITEM.title });
  });
});
