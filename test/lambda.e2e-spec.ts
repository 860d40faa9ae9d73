import { readdirSync, readFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { type FunctionParts, startFunctionParts } from '../scripts/lambda/local-parts.js';
import { restEvent, withToken } from '../scripts/lambda/events.js';
import type { LambdaAnswer } from '../src/lambda.js';
import { answerTo, ANSWERS } from './support/lambda-answers.js';

type Handler = (event: never, context: Context) => Promise<LambdaAnswer>;

describe('the handler of the function', () => {
  let parts: FunctionParts;
  let handler: Handler;

  beforeAll(async () => {
    parts = await startFunctionParts({ AGENT_TIMEOUT_MS: '60000' });
    // An entry reads the environment while it is imported.
    Object.assign(process.env, parts.variables, { TURNS_PER_MINUTE: '0' });
    ({ handler } = (await import('../src/lambda.js')) as { handler: Handler });
  });
  afterAll(() => parts.close());

  function invoke(event: unknown, context: Partial<Context> = {}): Promise<LambdaAnswer> {
    const given = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 30_000, ...context } as Context;
    return handler(event as never, given);
  }
  function fileEvent(name: string): Record<string, unknown> {
    return JSON.parse(withToken(readFileSync(`events/${name}.json`, 'utf8'), parts.token)) as Record<string, unknown>;
  }
  function rest(url: string, headers: readonly string[], body: object | undefined, method = 'POST'): object {
    const text = body ? JSON.stringify(body) : '';
    return restEvent({
      method,
      url,
      rawHeaders: ['content-type', 'application/json', ...headers],
      body: Buffer.from(text),
    });
  }

  it('has two parameters, because Lambda refuses handlers that could take a callback', () => {
    expect(handler).toHaveLength(2);
  });

  it('has an expected answer for every file of events/', () => {
    const files = readdirSync('events').map((file) => file.replace(/\.json$/, ''));
    expect(Object.keys(ANSWERS).toSorted()).toEqual(files.toSorted());
  });

  it.each(Object.keys(ANSWERS))('answers %s as the contract says', async (name) => {
    expect(answerTo(await invoke(fileEvent(name)))).toEqual(ANSWERS[name]);
  });

  it.each(['event', 'event-object-body', 'http-post-chat', 'function-url-post-chat'])(
    'answers %s in plain headers',
    async (name) => {
      const answer = await invoke(fileEvent(name));
      expect(answer).not.toHaveProperty('multiValueHeaders');
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
      });
    },
  );

  it('answers a REST API in multi-value headers', async () => {
    const answer = await invoke(fileEvent('rest-post-chat'));
    expect(answer.multiValueHeaders).toMatchObject({ 'x-request-id': ['rest-1'], 'cache-control': ['no-store'] });
    expect(answer.isBase64Encoded).toBe(false);
  });

  it.each([null, {}, { body: null, headers: null }, { body: '{"prompt":"x"}' }])(
    'takes %j as a request without a token',
    async (event) => {
      expect(answerTo(await invoke(event))).toEqual({
        statusCode: 401,
        body: { error: 'Invalid id_token: token is missing' },
      });
    },
  );

  it('takes the request id of the invocation where the caller has none', async () => {
    expect((await invoke({})).headers).toHaveProperty('x-request-id', 'aws-1');
  });

  it('goes on with a chat and reads it back', async () => {
    const token = ['id_token', parts.token];
    const first = JSON.parse((await invoke(rest('/chat', token, { prompt: 'one' }))).body) as { chat: { id: string } };
    const { id } = first.chat;
    await invoke(rest('/chat', token, { prompt: 'two', chat_id: id }));
    const read = JSON.parse((await invoke(rest(`/chats/${id}`, token, undefined, 'GET'))).body) as typeof first & {
      chat: { messages: unknown[] };
    };
    expect(read.chat.messages).toHaveLength(4);
  });

  it('reads all of a body at the limit, and refuses one over it', async () => {
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
      (token: string) => ['authorization', `Bearer ${token}`, 'authorization', 'Bearer other'],
      401,
    ],
    ['two tokens in two headers', (token: string) => ['id_token', token, 'Authorization', 'Bearer other'], 401],
  ] as const)('with %s', async (_, headers, status) => {
    expect((await invoke(rest('/chat', headers(parts.token), {}))).statusCode).toBe(status);
  });

  it('takes headers from where they are when there are no multi-value ones', async () => {
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

  it('gives the agent no more time than the host leaves', async () => {
    const start = Date.now();
    // What is kept back for storing the turn is all that there is.
    const answer = await invoke(fileEvent('event'), { getRemainingTimeInMillis: () => 3_000 });
    expect(answerTo(answer)).toMatchObject({ statusCode: 504, body: { error: 'The agent took too long' } });
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  it('tells those who wait for the end of an answer that it is whole', async () => {
    const finished: boolean[] = [];
    const once = jest.spyOn(ServerResponse.prototype, 'once').mockImplementation(function (
      this: ServerResponse,
      name,
      listener,
    ) {
      const heard = () => finished.push(this.writableFinished);
      return this.on(name, name === 'close' ? heard : (listener as () => void));
    });
    await invoke({});
    once.mockRestore();
    expect(finished).toEqual([true]);
  });
});
