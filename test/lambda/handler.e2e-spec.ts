import { readdirSync, readFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { buildRestEvent, insertToken } from '../../scripts/lambda/events.js';
import type { LambdaResponse } from '../../src/lambda/response.js';
import { toHttpEvent } from '../../src/lambda/event.js';
import { answerTo, ANSWERS, putOldChat } from '../support/lambda/answers.js';
import { type Handler, importHandler } from '../support/lambda/handlers.js';

const CORS_ORIGINS = 'https://app.example.com,https://beta.example.com';

describe('the handler of the function', () => {
  let parts: FunctionParts;
  let handler: Handler;

  beforeAll(async () => {
    parts = await startFunctionParts({ AGENT_TIMEOUT_MS: '60000', CORS_ORIGINS });
    handler = await importHandler({ ...parts.variables, TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0' });
  });
  afterAll(() => parts.close());

  function invoke(event: unknown, context: Partial<Context> = {}): Promise<LambdaResponse> {
    const given = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 30_000, ...context } as Context;
    return handler(event, given);
  }
  function fileEvent(name: string): Record<string, unknown> {
    return JSON.parse(insertToken(readFileSync(`events/${name}.json`, 'utf8'), parts.token)) as Record<string, unknown>;
  }
  const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'POST' });
  function rest(url: string, headers: readonly string[], body: object | undefined, method = 'POST'): object {
    const text = body ? JSON.stringify(body) : '';
    return buildRestEvent({
      method,
      url,
      rawHeaders: ['content-type', 'application/json', ...headers],
      body: Buffer.from(text),
    });
  }

  it('has two parameters, because Lambda refuses handlers that could take a callback', async () => {
    expect((await import('../../src/lambda.js')).handler).toHaveLength(2);
  });

  it('has an expected response for every file of events/', () => {
    const files = readdirSync('events').map((file) => file.replace(/\.json$/, ''));
    expect(Object.keys(ANSWERS).toSorted()).toEqual(files.toSorted());
  });

  it.each(Object.keys(ANSWERS))('responds to %s as the contract says', async (name) => {
    await putOldChat(parts, name);
    expect(answerTo(await invoke(fileEvent(name)))).toEqual(ANSWERS[name]);
  });

  it.each(['event', 'event-object-body', 'http-post-chat', 'function-url-post-chat'])(
    'responds to %s with plain headers',
    async (name) => {
      const answer = await invoke(fileEvent(name));
      expect(answer).not.toHaveProperty('multiValueHeaders');
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
      });
    },
  );

  it('responds to a REST API with multi-value headers', async () => {
    const answer = await invoke(fileEvent('rest-post-chat'));
    expect(answer.multiValueHeaders).toMatchObject({ 'x-request-id': ['rest-1'], 'cache-control': ['no-store'] });
    expect(answer.isBase64Encoded).toBe(false);
  });

  it.each([{ body: null, headers: null }, { body: '{"prompt":"x"}' }, { headers: { id_token: 5 } }])(
    'takes %j as a request without a token',
    async (event) => {
      expect(answerTo(await invoke(event))).toEqual({
        statusCode: 401,
        body: { error: 'Invalid id_token: token is missing' },
      });
    },
  );

  it('uses the request id of the invocation if the caller sends none', async () => {
    expect((await invoke({ body: null })).headers).toHaveProperty('x-request-id', 'aws-1');
  });

  it('continues a chat and reads it', async () => {
    const token = ['id_token', parts.token];
    const first = JSON.parse((await invoke(rest('/chat', token, { prompt: 'one' }))).body) as { chat: { id: string } };
    const { id } = first.chat;
    await invoke(rest('/chat', token, { prompt: 'two', chat_id: id }));
    const read = JSON.parse((await invoke(rest(`/chats/${id}`, token, undefined, 'GET'))).body) as typeof first & {
      chat: { messages: unknown[] };
    };
    expect(read.chat.messages).toHaveLength(4);
  });

  it('accepts a body at the limit, and refuses a larger body', async () => {
    const token = ['id_token', parts.token];
    const padded = (bytes: number) => rest('/chat', token, { prompt: 'x'.repeat(bytes) });
    expect(JSON.parse((await invoke(padded(250_000))).body)).toEqual({
      error: expect.stringContaining('at most 32000'),
    });
    expect((await invoke(padded(262_144))).statusCode).toBe(413);
  });

  it.each([
    ['the same token in both headers', (token: string) => ['id_token', token, 'authorization', `Bearer ${token}`], 400],
    ['the same token twice', (token: string) => ['id_token', token, 'id_token', token], 400],
    [
      'two tokens in one header',
      (token: string) => ['authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}x`],
      401,
    ],
    ['two tokens in two headers', (token: string) => ['id_token', token, 'Authorization', `${token}x`], 401],
    ['a token and an opaque key', (token: string) => ['id_token', token, 'Authorization', 'Bearer other'], 400],
    ['a token without a scheme', (token: string) => ['Authorization', token], 400],
  ] as const)('with %s', async (_, headers, status) => {
    expect((await invoke(rest('/chat', headers(parts.token), {}))).statusCode).toBe(status);
  });

  it('reads single-value headers if there are no multi-value headers', async () => {
    const event = { ...fileEvent('rest-post-chat'), multiValueHeaders: {} };
    expect((await invoke(event)).statusCode).toBe(200);
  });

  it.each([
    ['v1', '$default', '/v1/chat'],
    ['v1', 'POST /chat', '/v1/chat'],
    ['chat', 'POST /chat', '/chat/chat'],
    ['$default', 'POST /chat', '/chat'],
    ['$default', 'POST /chat', '/base/path/chat'],
  ])('finds the route behind stage %s, route key %s and path %s', async (stage, routeKey, rawPath) => {
    const event = fileEvent('http-post-chat');
    const requestContext = { ...(event['requestContext'] as object), stage };
    expect((await invoke({ ...event, requestContext, routeKey, rawPath })).statusCode).toBe(200);
  });

  it('finds the route behind the base path of a custom domain', async () => {
    expect((await invoke({ ...fileEvent('rest-post-chat'), path: '/base/chat' })).statusCode).toBe(200);
    expect(answerTo(await invoke({ ...fileEvent('rest-get-chat'), path: '/base/chats/unknown' }))).toEqual(
      ANSWERS['rest-get-chat'],
    );
  });

  it.each([
    ['/{proxy+}', 'chat', '/chat'],
    ['/api/{the-rest+}', 'chat', '/chat'],
    ['/{a.b+}', 'chats/unknown/messages', '/chats/unknown/messages'],
    ['/chats/{proxy+}', 'unknown', '/chats/unknown'],
    ['/health/{proxy+}', 'ready', '/health/ready'],
  ])('finds the route that %s has matched as %s behind a base path', async (resource, matched, url) => {
    const [, parameter = ''] = /\{([^{}]+)\+\}/.exec(resource) ?? [];
    const pathParameters = { [parameter]: matched };
    const path = `/base${resource.replace(/\{.*/, matched)}`;
    const restApi = { ...fileEvent('rest-post-chat'), resource, path, pathParameters };
    const httpApi = { ...fileEvent('http-post-chat'), routeKey: `ANY ${resource}`, rawPath: path, pathParameters };
    expect([restApi, httpApi].map((event) => toHttpEvent(event).request?.url)).toEqual([url, url]);
    for (const event of [restApi, httpApi]) {
      const { statusCode, body } = await invoke(event);
      // The events are POST, and only /chat has such a route.
      expect([statusCode, body.includes('Not found')]).toEqual(url === '/chat' ? [200, false] : [404, true]);
    }
  });

  it.each([
    { requestContext: null },
    { multiValueHeaders: { 'x-a': 'b', 'x-c': null } },
    { queryStringParameters: { a: 5, b: null }, multiValueQueryStringParameters: { a: null, c: [null, 'd'] } },
    { body: { prompt: 'hello' } },
  ])('takes a REST event that somebody has written by hand: %j', async (fields) => {
    const event = { ...fileEvent('rest-post-chat'), ...fields };
    expect((await invoke(event)).statusCode).toBe(200);
    expect(toHttpEvent(event).request?.url).toMatch(/^\/chat(\?|$)/);
  });

  describe('the query of a REST API', () => {
    const limited = { cursor: "Query 'cursor' is invalid", limit: "Query 'limit' is invalid" };
    const query = (single: object | null, multi?: object | null) =>
      invoke({
        ...fileEvent('rest-get-messages'),
        queryStringParameters: single,
        multiValueQueryStringParameters: multi,
      });

    it.each([
      ['no multi-value parameters', { limit: '0' }, null],
      ['no field for multi-value parameters', { limit: '0' }, undefined],
      ['empty multi-value parameters', { limit: '0' }, {}],
      ['multi-value parameters alone', null, { limit: ['0'] }],
      ['every value of a parameter', { limit: '2' }, { limit: ['2', '2'] }],
    ])('is read with %s', async (_, single, multi) => {
      expect(answerTo(await query(single, multi))).toEqual({ statusCode: 400, body: { error: limited.limit } });
    });

    it.each(['a&limit=0', 'a#b', 'a=b+c', 'a%26limit=0', '%', '\ud800'])(
      'has the value %j as it is, though it would end a parameter or be no text in a URL',
      async (cursor) => {
        const answer = await query({ cursor }, { cursor: [cursor] });
        expect(answerTo(answer)).toEqual({ statusCode: 400, body: { error: limited.cursor } });
      },
    );
  });

  it.each<[string, (alice: string, bob: string) => object]>([
    ['names that differ in case', (alice, bob) => ({ multiValueHeaders: { id_token: [alice], Id_Token: [bob] } })],
    ['plain headers alike', (alice, bob) => ({ headers: { ID_TOKEN: bob, id_token: alice }, multiValueHeaders: null })],
    ['two lines of one name', (alice, bob) => ({ multiValueHeaders: { id_token: [alice, bob] } })],
  ])('refuses the tokens of two users, in %s', async (_, headers) => {
    const event = { ...fileEvent('rest-get-chat'), headers: null, ...headers(parts.token, `${parts.token}x`) };
    expect(answerTo(await invoke(event))).toEqual({
      statusCode: 401,
      body: { error: 'Invalid id_token: token is malformed' },
    });
  });

  it('refuses them in a bare event too', async () => {
    const event = { body: '{"prompt":"x"}', headers: { id_token: parts.token, Id_Token: `${parts.token}x` } };
    expect((await invoke(event)).body).toBe('{"error":"Invalid id_token: token is malformed"}');
  });

  it.each(['rest-delete-chat', 'rest-preflight', 'http-delete-chat', 'function-url-delete-chat'])(
    'answers %s without a body, as text, and with the headers of every answer',
    async (name) => {
      await putOldChat(parts, name);
      const { headers, multiValueHeaders, ...answer } = await invoke(fileEvent(name));
      expect(answer).toEqual({ statusCode: 204, body: '', isBase64Encoded: false });
      const common = { 'x-request-id': 'aws-1', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
      const inLists = Object.fromEntries(Object.entries(common).map(([header, value]) => [header, [value]]));
      if (name.startsWith('rest')) expect(multiValueHeaders).toMatchObject(inLists);
      else expect(headers).toMatchObject(common);
      expect(headers ?? multiValueHeaders).not.toHaveProperty('content-type');
    },
  );

  it.each(['https://app.example.com', 'https://beta.example.com'])('answers the preflight of %s', async (origin) => {
    const event = fileEvent('rest-preflight');
    const { multiValueHeaders } = await invoke({ ...event, multiValueHeaders: undefined, headers: preflight(origin) });
    expect(multiValueHeaders).toMatchObject({ 'access-control-allow-origin': [origin], vary: ['Origin'] });
  });

  it('allows nothing to pages of other origins', async () => {
    const event = { ...fileEvent('rest-preflight'), multiValueHeaders: undefined };
    const answer = await invoke({ ...event, headers: preflight('https://evil.example') });
    expect(answer.multiValueHeaders).not.toHaveProperty('access-control-allow-origin');
  });

  it.each(['rest-post-chat-stream', 'function-url-post-chat-stream'])(
    'gives the stream of %s in one piece, as text',
    async (name) => {
      const answer = await invoke(fileEvent(name));
      expect(answer.isBase64Encoded).toBe(false);
      expect(answer.body).toMatch(/^data: \{"type":"start".*\n\ndata: \[DONE\]\n\n$/s);
    },
  );

  it.each(['event', 'rest-post-chat-stream'])(
    'gives the agent no more time for %s than the host leaves',
    async (name) => {
      const start = Date.now();
      // The function's whole time is reserved for storing the turn.
      const answer = await invoke(fileEvent(name), { getRemainingTimeInMillis: () => 3_000 });
      expect(answerTo(answer)).toMatchObject({ statusCode: 504, body: { error: 'The agent took too long' } });
      expect(Date.now() - start).toBeLessThan(2_000);
    },
  );

  it('ends a response so that a reader knows that it is complete', async () => {
    const finished: boolean[] = [];
    const once = jest.spyOn(ServerResponse.prototype, 'once').mockImplementation(function (
      this: ServerResponse,
      name,
      listener,
    ) {
      const heard = () => finished.push(this.writableFinished);
      return this.on(name, name === 'close' ? heard : (listener as () => void));
    });
    await invoke({ body: null });
    once.mockRestore();
    expect(new Set(finished)).toEqual(new Set([true]));
  });
});
