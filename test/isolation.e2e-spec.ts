import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp, tokenOf } from './support/chat-app.js';

/** Every route that takes a chat's id, and what is said to somebody whose chat it is not. */
const ROUTES: readonly {
  name: string;
  send: (url: string, chatId: string) => supertest.Test;
  owner: number;
  stranger: [status: number, body: object];
  /** For an id that no chat can have. */
  malformed: [status: number, body: object];
}[] = [
  {
    name: 'POST /chat',
    send: (url, chatId) => supertest(url).post('/chat').send({ prompt: 'hello', chat_id: chatId }),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [400, { error: "Field 'chat_id' is invalid" }],
  },
  {
    name: 'GET /chats/{id}',
    send: (url, chatId) => supertest(url).get(`/chats/${encodeURIComponent(chatId)}`),
    owner: 200,
    stranger: [404, { error: 'Chat not found' }],
    malformed: [404, { error: 'Chat not found' }],
  },
];

describe('the chats of one user', () => {
  let app: ChatApp;
  let chatId: string;
  let databaseCalls: string[] = [];

  beforeAll(async () => {
    app = await startChatApp({ TURNS_PER_MINUTE: '500', TURNS_PER_DAY: '500' });
    app.nest.get(DynamoDBDocumentClient, { strict: false }).middlewareStack.add(
      (next, context) => async (args) => {
        databaseCalls.push(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize', name: 'count' },
    );
    ({ id: chatId } = (await app.chat({ prompt: 'mine alone' }, 'owner').expect(200)).body.chat);
  });
  afterAll(() => app.close());

  /** An answer to the byte, but for what differs with every request, and what it took to give it. */
  async function outcome(route: (typeof ROUTES)[number], user: string, id: string) {
    databaseCalls = [];
    const before = app.agent.invocations.length;
    const { status, text, headers } = await route.send(app.url, id).set('id_token', tokenOf(user));
    const own = { ...headers, 'x-request-id': '', date: '' };
    return { status, text, headers: own, databaseCalls, agentCalls: app.agent.invocations.length - before };
  }

  describe.each(ROUTES)('by $name', (route) => {
    it('are there for their owner', async () => {
      expect(await outcome(route, 'owner', chatId)).toMatchObject({ status: route.owner });
    });

    it('are unknown to others, to the byte and to the number of calls', async () => {
      const others = await outcome(route, 'stranger', chatId);
      const unknown = await outcome(route, 'stranger', '0'.repeat(8) + chatId.slice(8));
      const [status, body] = route.stranger;
      expect(others).toEqual(unknown);
      expect(others).toMatchObject({ status, text: JSON.stringify(body), agentCalls: 0 });
    });

    it('do not open to a name that only begins like the owner', async () => {
      for (const user of ['owne', 'owner ', 'Owner', 'owner\u200b', 'owner$', 'owner!T!000000000001']) {
        expect((await outcome(route, user, chatId)).status).toBe(404);
      }
    });

    it.each(['a#b', `x#T#000000000001`, 'ä', 'a b', 'x'.repeat(129), '%00', 'quota#2030-01-01#owner'])(
      'are not touched by the malformed id %j',
      async (id) => {
        const [status, body] = route.malformed;
        const { databaseCalls: calls, ...answer } = await outcome(route, 'owner', id);
        expect(answer).toMatchObject({ status, text: JSON.stringify(body), agentCalls: 0 });
        expect(calls).toEqual([]);
      },
    );
  });

  it('have agent sessions of their own, also where two users have chats of the same id', async () => {
    const at = '2024-05-01T10:00:00.123456';
    for (const user of ['ann', 'ben']) {
      const item = { id: 'same-id', user_id: user, title: user, created_at: at, updated_at: at, messages: [] };
      await app.table.send(new PutCommand({ TableName: app.environment.DYNAMODB_TABLE, Item: item }));
    }
    const sessions: Record<string, (string | undefined)[]> = { ann: [], ben: [] };
    for (const user of ['ann', 'ben', 'ann', 'ben']) {
      const { body } = await app.chat({ prompt: `I am ${user}`, chat_id: 'same-id' }, user).expect(200);
      sessions[user]?.push(app.agent.invocations.at(-1)?.sessionId);
      expect(JSON.stringify(body)).not.toContain(user === 'ann' ? 'I am ben' : 'I am ann');
    }
    const [ann, ben] = [new Set(sessions['ann']), new Set(sessions['ben'])];
    expect([ann.size, ben.size]).toEqual([1, 1]);
    expect([...ann]).not.toEqual([...ben]);
  });
});
