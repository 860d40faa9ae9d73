import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import supertest from 'supertest';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';

describe('every response', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  it.each([
    ['POST', '/chat'],
    ['POST', '/nowhere'],
    ['GET', '/'],
    ['GET', '/chats/x'],
    ['GET', '/%'],
  ] as const)('of %s %s carries the documented headers', async (method, path) => {
    const { headers } = await supertest(app.url)[method === 'GET' ? 'get' : 'post'](path);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it.each(['abc', 'A.b_c-1', 'x'.repeat(64)])('keeps the request id %s', async (id) => {
    await supertest(app.url).get('/').set('x-request-id', id).expect('x-request-id', id);
  });

  it.each(['x'.repeat(65), 'a b', 'ä', '"'])('replaces the request id %j', async (id) => {
    const { headers } = await supertest(app.url).get('/').set('x-request-id', Buffer.from(id).toString('latin1'));
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['GET', '/'],
    ['GET', '/chat'],
    ['DELETE', '/chat'],
    ['GET', '/%'],
    ['GET', '/chats/%'],
    ['GET', '/chats/%ff'],
    ['POST', '/chat/nowhere'],
  ] as const)('of %s %s is 404 Not found', async (method, path) => {
    const verbs = { GET: 'get', POST: 'post', DELETE: 'delete' } as const;
    await supertest(app.url)[verbs[method]](path).expect(404, { error: 'Not found' });
  });
});

describe('faults behind the service', () => {
  it('get 503 without a call to the agent if the table cannot be reached', async () => {
    const app = await startChatApp({}, { keepsTimeouts: true });
    await app.dynamoDb.close();
    Object.assign(app.nest.get(TurnTimes, { strict: false }), { shutdownGrace: 0, shutdownStoring: 0 });
    const answer = await app.chat({ prompt: 'hello' }).set('x-request-id', 'r1');
    await app.close();
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 503,
      body: { error: 'Storage is unavailable', message: 'Try again; request id r1' },
    });
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(app.agent.invocations).toHaveLength(0);
  });

  it('get 500 and a request id of the log if they are unexpected', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    const app = await startChatApp({ LOG_LEVEL: 'verbose' });
    const broken = { id: 'broken', user_id: 'alice', title: 'x', messages: 'the secret prompt' };
    await app.table.send(new PutCommand({ TableName: app.environment.DYNAMODB_TABLE, Item: broken }));
    const answer = await app.chat({ prompt: 'the secret prompt', chat_id: 'broken' }).set('x-request-id', 'r2');
    await app.close();
    spies.forEach((spy) => spy.mockRestore());
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 500,
      body: { error: 'Internal server error', message: 'Report this; request id r2' },
    });
    const line = written.find((text) => text.includes('"level":"error"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ requestId: 'r2', message: { status: 500 } });
    expect(written.join('')).toContain('POST /chat 500');
    expect(written.join('')).not.toMatch(/secret prompt|eyJ/);
  });
});
