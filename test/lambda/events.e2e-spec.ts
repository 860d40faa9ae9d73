import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { insertToken } from '../../scripts/lambda/events.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import type { LambdaResponse } from '../../src/lambda/response.js';
import { startApp } from '../../src/lambda/start-app.js';
import { mintToken } from '../../src/local/dev-token.js';
import { toHttpEvent } from '../../src/lambda/event.js';
import { routesOf } from '../support/app-routes.js';
import { answerTo, answerToEvent, refusal } from '../support/lambda/answers.js';
import { FOREIGN_EVENTS } from '../support/lambda/foreign-events.js';
import {
  type Handler,
  importHandler,
  importStreamingHandler,
  type StreamingHandler,
} from '../support/lambda/handlers.js';
import { REQUEST_EVENTS } from '../support/lambda/request-events.js';

const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 60_000 } as Context;
/** How many events are made from the samples by changing a field. */
const MUTATIONS = 100;
/** Ids and times, which differ between two turns. */
const OF_ONE_TURN = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z/g;

describe('an event', () => {
  let parts: FunctionParts;
  let agent: BedrockAgentEmulator;
  let buffered: Handler;
  let streaming: StreamingHandler;
  let lines: unknown[];

  beforeAll(async () => {
    parts = await startFunctionParts({ TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0', LOG_LEVEL: 'fatal' });
    agent = await startBedrockAgentEmulator();
    const variables = { ...parts.variables, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint };
    buffered = await importHandler(variables);
    streaming = await importStreamingHandler(variables);
  });
  afterAll(async () => {
    await Promise.all([parts.close(), agent.close()]);
  });
  beforeEach(() => {
    lines = [];
    const write = (line: unknown) => void lines.push(line);
    Logger.overrideLogger({ log: () => undefined, warn: write, error: write });
  });
  afterEach(() => Logger.overrideLogger(false));

  const withToken = (event: unknown) => JSON.parse(insertToken(JSON.stringify(event), parts.token)) as unknown;

  const withTokenHeader = ({ headers, ...event }: { headers: object }) => ({
    ...event,
    headers: { ...headers, id_token: parts.token },
  });

  async function streamWhole(event: unknown): Promise<LambdaResponse> {
    const out = new PassThrough();
    const [body, prelude] = await Promise.all([text(out), streaming(event, out, { context })]);
    return { ...prelude, body };
  }

  it.each(Object.keys(REQUEST_EVENTS))('of a request is answered in the form of its sender: %s', async (name) => {
    const { event, form } = REQUEST_EVENTS[name]!;
    const whole = await buffered(withToken(event), context);
    const streamed = await streamWhole(withToken(event));
    for (const answer of [whole, streamed]) expect(answerTo(answer)).toEqual(answerToEvent(name));
    const common = { 'cache-control': 'no-store', 'x-request-id': 'aws-1', 'x-content-type-options': 'nosniff' };
    const inLists = Object.fromEntries(Object.entries(common).map(([header, value]) => [header, [value]]));
    expect(whole).toMatchObject(form === 'single' ? { headers: common } : { multiValueHeaders: inLists });
    expect(whole).not.toHaveProperty(form === 'single' ? 'multiValueHeaders' : 'headers');
    expect(streamed).toMatchObject(form === 'multi' ? { multiValueHeaders: inLists } : { headers: common });
    expect(streamed).not.toHaveProperty(form === 'multi' ? 'headers' : 'multiValueHeaders');
  });

  it.each(Object.keys(FOREIGN_EVENTS))('that is no request is refused with one line: %s', async (name) => {
    const calls = agent.invocations.length;
    const event = withToken(FOREIGN_EVENTS[name]);
    for (const handle of [(given: unknown) => buffered(given, context), streamWhole]) {
      lines = [];
      const { headers, ...answer } = await handle(event);
      expect(answerTo({ ...answer, headers: headers! })).toEqual(refusal(404, 'Not found'));
      expect(headers).toMatchObject({ 'x-request-id': 'aws-1', 'cache-control': 'no-store' });
      expect(lines).toEqual([expect.objectContaining({ refusedEvent: 'Not found' })]);
      expect(JSON.stringify(lines)).not.toMatch(/Lisbon|eyJ|arn:/);
    }
    expect(agent.invocations).toHaveLength(calls);
  });

  it('that is no request is named in the log by its fields and its source', async () => {
    await buffered(FOREIGN_EVENTS['SQS'], context);
    await buffered(FOREIGN_EVENTS['schedule'], context);
    await buffered(
      { 'a b': 1, ...Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, 1])) },
      context,
    );
    expect(lines).toEqual([
      { refusedEvent: 'Not found', fields: ['Records'], source: 'aws:sqs' },
      expect.objectContaining({ source: 'aws.events' }),
      { refusedEvent: 'Not found', fields: Array.from({ length: 10 }, (_, index) => `f${index}`) },
    ]);
  });

  it('without a token is refused before its body is looked at', async () => {
    const event = {
      rawPath: '/chat',
      requestContext: { http: { method: 'POST' } },
      headers: { 'content-type': 'text/plain' },
      body: `{${'x'.repeat(300_000)}`,
    };
    for (const answer of [await buffered(event, context), await streamWhole(event)]) {
      expect(answerTo(answer)).toEqual(refusal(401, 'Invalid id_token: token is missing'));
    }
    const answers = [await buffered(withTokenHeader(event), context), await streamWhole(withTokenHeader(event))];
    for (const answer of answers)
      expect(answerTo(answer)).toEqual(refusal(415, 'Content-Type must be application/json'));
  });

  it.each(['HTTP API', 'Function URL', 'VPC Lattice version 1'])(
    'of %s joins two idempotency keys to one, which may have a comma',
    async (name) => {
      const event = withToken(REQUEST_EVENTS[name]!.event) as { headers: object };
      const send = async (key: string) => {
        const { statusCode, headers } = await buffered(
          { ...event, headers: { ...event.headers, 'idempotency-key': `${name} ${key}` } },
          context,
        );
        return [statusCode, headers!['idempotency-replayed']];
      };
      expect([await send('a,b'), await send('a,b'), await send('a')]).toEqual([
        [200, undefined],
        [200, 'true'],
        [200, undefined],
      ]);
    },
  );

  it('behind a base path that nobody configured deletes no chats', async () => {
    // The other chats of the user `demo` would be deleted too, one by one.
    const token = mintToken({ secret: parts.variables['JWT_SECRET_KEY'] ?? '', sub: 'owner' });
    const withItsToken = (event: unknown) => JSON.parse(insertToken(JSON.stringify(event), token)) as unknown;
    const send = async (event: object) => JSON.parse((await buffered(withItsToken(event), context)).body) as unknown;
    const { chat } = (await send(REQUEST_EVENTS['bare event']!.event)) as { chat: { id: string } };
    const headers = { id_token: '{{ID_TOKEN}}' };
    const httpApi = (method: string, rawPath: string) => ({ rawPath, headers, requestContext: { http: { method } } });
    const rest = { httpMethod: 'DELETE', headers, resource: '/chats', path: '/chats/' };
    for (const event of [httpApi('DELETE', '/users/42/chats'), httpApi('DELETE', '/undefined/chats'), rest]) {
      for (const handle of [(given: unknown) => buffered(given, context), streamWhole]) {
        const answer = await handle(withItsToken(event));
        expect([answer.statusCode, answer.body]).toEqual([404, '{"error":"Not found"}']);
      }
    }
    expect(await send(httpApi('GET', `/base/chats/${chat.id}`))).toMatchObject({ chat: { id: chat.id } });
    expect(await buffered(withItsToken(httpApi('DELETE', '/chats')), context)).toMatchObject({ statusCode: 204 });
    expect(await send(httpApi('GET', `/base/chats/${chat.id}`))).toEqual({ error: 'Chat not found' });
  });

  it('of a request reaches each route of the app behind a base path', async () => {
    const routes = routesOf({ nest: await startApp(process.env) });
    const paths = [...new Set(routes.map((route) => route.replace(/^\w+ /, '')))].filter((path) => path !== '/');
    expect(paths).toContain('/chats/{id}/messages');
    const found = paths.map((path) => {
      const event = { rawPath: `/any/base${path}`, requestContext: { http: { method: 'GET' } } };
      return toHttpEvent(event).request?.url;
    });
    expect(found).toEqual(paths);
  });

  it('is answered even if the app throws', async () => {
    const server = (await startApp(process.env)).getHttpServer();
    const event = withToken(REQUEST_EVENTS['Application Load Balancer']!.event);
    const emit = jest.spyOn(server, 'emit').mockImplementation(() => {
      throw new Error('not planned');
    });
    const answers = [await buffered(event, context), await streamWhole(event)];
    emit.mockRestore();
    const body = { error: 'Internal server error', message: 'Report this; request id aws-1' };
    for (const answer of answers) expect(answerTo(answer)).toEqual({ statusCode: 500, body });
    const line = { status: 500, error: expect.objectContaining({ name: 'Error' }) };
    expect(lines).toEqual([line, line]);
  });

  it('with any value in any of its fields is answered, by both handlers alike', async () => {
    // Few turns run then. Only their ids and times differ.
    const samples = [...Object.values(REQUEST_EVENTS).map(({ event }) => event), ...Object.values(FOREIGN_EVENTS)];
    const events = samples.map((event) =>
      withToken(JSON.parse(JSON.stringify(event).replaceAll('Plan a weekend in Lisbon', ''))),
    );
    const odd = fc.constantFrom<unknown>(
      '',
      ' \n',
      '/',
      '//',
      '/\u0000é\ud800%',
      '\\',
      'GET',
      'CONNECT',
      '{{',
      '*',
      -1,
      [[]],
    );
    const value = fc.oneof({ weight: 2, arbitrary: odd }, fc.jsonValue());
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...events),
        fc.array(fc.nat(), { minLength: 1 }),
        value,
        async (event, way, other) => {
          const changed = setAt(event, way, other);
          const [whole, streamed] = [await buffered(changed, context), await streamWhole(changed)];
          seen.add(whole.statusCode);
          expect(streamed.statusCode).toBe(whole.statusCode);
          expect(streamed.body.replaceAll(OF_ONE_TURN, '')).toBe(whole.body.replaceAll(OF_ONE_TURN, ''));
          expect(whole.statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: MUTATIONS, seed: 15 },
    );
    expect([...seen]).toEqual(expect.arrayContaining([400, 401, 404]));
  });
});

/** Sets a value somewhere inside a JSON value. @param way - which member to take at each level. */
function setAt(target: unknown, [index = 0, ...way]: readonly number[], value: unknown): unknown {
  if (typeof target !== 'object' || target === null) return value;
  const names = Object.keys(target);
  const name = names[index % (names.length || 1)];
  if (name === undefined) return value;
  const member = (target as Record<string, unknown>)[name];
  const changed = way.length === 0 ? value : setAt(member, way, value);
  return Array.isArray(target) ? target.with(Number(name), changed) : { ...target, [name]: changed };
}
