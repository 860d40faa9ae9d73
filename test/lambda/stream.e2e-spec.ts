import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertToken } from '../../scripts/lambda/events.js';
import type { LocalFunction, PackageHandler } from '../../scripts/lambda/local-function.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { mintToken } from '../../src/local/dev-token.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { ANSWERS, answerHeaders, answerTo, expectAnswers, putOldChat } from '../support/lambda/answers.js';
import { startDescribedFunction } from '../support/lambda/described-function.js';
import { buildPackage, describeWithClient, findPackageNode } from '../support/lambda/package.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { FunctionCaller, invokeWhole, nextOf } from '../support/lambda/streamed-function.js';
import { BROKEN, parseStream, WHOLE, type WholeStream } from '../support/ui-stream.js';

const ORIGIN = 'https://app.example.com';
const JSON_TYPE = 'application/json; charset=utf-8';

/** A turn whose agent sends nothing, and the next turn. */
interface SilentTurn {
  /** When status and headers came, in milliseconds. */
  readonly openedAfter: number;
  readonly answer: WholeStream;
  readonly next: WholeStream;
}

describeWithClient('the function that streams, in the runtime client of Lambda', () => {
  const home = mkdtempSync(join(tmpdir(), 'lambda-stream-'));
  let parts: FunctionParts;
  let agent: BedrockAgentEmulator;
  let stepped: SteppedAgent;
  let silent: Promise<SilentTurn>;

  beforeAll(async () => {
    cpSync(await buildPackage(), home, { recursive: true });
    parts = await startFunctionParts({ TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0', CORS_ORIGINS: ORIGIN });
    agent = await startBedrockAgentEmulator();
    stepped = await startSteppedAgent();
    silent = silentTurn();
    // It is checked later.
    silent.catch(() => undefined);
  }, 180_000);
  afterAll(async () => {
    stepped.close();
    await Promise.all([parts.close(), agent.close()]);
    rmSync(home, { recursive: true });
  });

  /** For turns that run longer than their test, because an event deletes all chats of the user `demo`. */
  const tokenOf = (sub: string) => mintToken({ secret: parts.variables['JWT_SECRET_KEY'] ?? '', sub });
  async function start(handler: PackageHandler, endpoint: string): Promise<LocalFunction> {
    const variables = { ...parts.variables, LOG_LEVEL: 'verbose', AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: endpoint };
    return startDescribedFunction({ folder: home, handler, node: await findPackageNode(), variables });
  }

  /** It takes 11 s, so it has its own function and runs beside the other tests. */
  async function silentTurn(): Promise<SilentTurn> {
    const patient = await start('lambda-stream.handler', agent.endpoint);
    const reader = new FunctionCaller(patient, tokenOf('silent-user'));
    try {
      // A function keeps its connection for the next response.
      await reader.ask({ body: { prompt: 'hello' } });
      const begun = performance.now();
      const call = { body: { prompt: 'hello [[fault silence after=0]]' }, timeoutMs: 15_000 };
      const { statusCode, headers, body } = await reader.open(call);
      const openedAfter = performance.now() - begun;
      const answer = parseStream(statusCode, new Headers(headers), await text(body));
      return { openedAfter, answer, next: await reader.ask({ body: { prompt: 'hello' } }) };
    } finally {
      await patient.stop();
    }
  }

  describe('with an agent that sends its reply at once', () => {
    let lambda: LocalFunction;
    let caller: FunctionCaller;
    beforeAll(async () => {
      lambda = await start('lambda-stream.handler', agent.endpoint);
      caller = new FunctionCaller(lambda, parts.token);
    });
    afterAll(() => lambda.stop());

    it.each(Object.keys(ANSWERS))('answers events/%s.json', async (name) => {
      await putOldChat(parts, name);
      const event = insertToken(readFileSync(`events/${name}.json`, 'utf8'), parts.token);
      const answer = await invokeWhole(lambda, event);
      expect(answer).toMatchObject(answerHeaders(name));
      expect(answerTo(answer)).toEqual(ANSWERS[name]);
    });

    it('answers every event of a request, and refuses all others', async () => {
      await expectAnswers(parts.token, (event) => invokeWhole(lambda, event));
    });

    it('streams a reply that is larger than all buffers on its way, and keeps it', async () => {
      const chunks = Array.from({ length: 4_000 }, (_, index) => `${index} `);
      agent.enqueue({ type: 'chunks', chunks });
      const answer = await caller.ask({ body: { prompt: 'count' } });
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'x-vercel-ai-ui-message-stream': 'v1',
        'x-accel-buffering': 'no',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(answer.headers.has('transfer-encoding')).toBe(false);
      expect(answer.outline).toEqual(WHOLE);
      expect(answer.isDone).toBe(true);
      expect(answer.text).toBe(chunks.join(''));
      const [, message] = await caller.stored(answer.events[0]!.messageMetadata!.chat.id);
      expect(message!.content).toBe(answer.text);
    });

    it.each(['/chat', '/chat/stream'])('names the chat and the turn in the headers of %s', async (url) => {
      const turn = (prompt: string) => caller.ask({ url, body: { prompt } });
      for (const [answer, status] of [
        [await turn('one'), 200],
        [await turn('one [[fault hang-up]]'), 502],
      ] as const) {
        expect(answer.status).toBe(status);
        expect(answer.headers.get('turn-id')).toBe(`${answer.headers.get('chat-id')}:1`);
      }
      expect((await turn('')).headers.has('chat-id')).toBe(false);
    });

    it('answers without a body: 204 to a deletion and a preflight, and HEAD', async () => {
      const { raw } = await caller.ask({ url: '/chat', body: { prompt: 'soon gone' } });
      const { chat } = JSON.parse(raw) as { chat: { id: string } };
      const head = await caller.ask({ method: 'HEAD', url: `/chats/${chat.id}` });
      expect([head.status, head.raw, head.headers.get('content-type')]).toEqual([200, '', JSON_TYPE]);
      const gone = await caller.ask({ method: 'DELETE', url: `/chats/${chat.id}` });
      expect([gone.status, gone.raw]).toEqual([204, '']);
      const preflight = await caller.ask({
        method: 'OPTIONS',
        headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
      });
      expect([preflight.status, preflight.raw]).toEqual([204, '']);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    });

    it.each([
      ['no token', { headers: { id_token: '' } }, 401, 'Invalid id_token: token is missing'],
      ['no prompt', { body: {} }, 400, `Field 'prompt' is required`],
      ['no JSON', { body: '{' }, 400, 'Request body is not valid JSON'],
      ['an unknown chat', { body: { prompt: 'a', chat_id: 'none' } }, 404, 'Chat not found'],
      ['an unknown route', { url: '/nowhere' }, 404, 'Not found'],
      ['a path of any characters', { method: 'GET', url: '/chats/é%20?a=b c' }, 404, 'Chat not found'],
      ['too large a body', { body: { prompt: 'x'.repeat(262_144) } }, 413, 'Request body is too large'],
      ['a prompt that is too long', { body: { prompt: 'x'.repeat(250_000) } }, 400, expect.stringContaining('32000')],
      [
        'headers of the connection to the gateway',
        { body: {}, headers: { connection: 'upgrade', 'transfer-encoding': 'chunked', 'content-length': '1' } },
        400,
        `Field 'prompt' is required`,
      ],
    ])('answers %s as JSON', async (_, call, status, error) => {
      const answer = await caller.ask({ body: { prompt: 'hello' }, ...call });
      expect({ status: answer.status, body: JSON.parse(answer.raw) as unknown }).toEqual({ status, body: { error } });
      expect(answer.headers.get('content-type')).toBe(JSON_TYPE);
    });

    it('reports a fault before the first text by its status, and a later fault in the stream', async () => {
      const busy = await caller.ask({
        body: { prompt: 'hello [[fault http-error status=429 exception=ThrottlingException times=3]]' },
      });
      expect([busy.status, JSON.parse(busy.raw)]).toEqual([429, { error: 'The agent is busy' }]);
      expect(busy.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      const torn = await caller.ask({ body: { prompt: 'hello [[fault torn after=2]]' } });
      expect([torn.status, torn.outline, torn.isDone]).toEqual([200, BROKEN, true]);
      expect(torn.events.at(-2)).toEqual({ type: 'error', errorText: 'The agent failed' });
      const [, message] = await caller.stored(torn.events[0]!.messageMetadata!.chat.id);
      expect(message).toMatchObject({ status: 'partial', content: torn.text });
    });

    it('ends a turn that takes too long before its own time is over', async () => {
      const begun = performance.now();
      const late = await caller.ask({ body: { prompt: 'hello [[fault silence after=1]]' }, timeoutMs: 6_000 });
      expect(late.events.at(-2)).toEqual({ type: 'error', errorText: 'The agent took too long' });
      expect(performance.now() - begun).toBeLessThan(6_000);
    });

    it('streams the stored reply to the same key', async () => {
      const call = { body: { prompt: 'hello' }, headers: { 'idempotency-key': 'again' } };
      const calls = agent.invocations.length;
      const [first, again] = [await caller.ask(call), await caller.ask(call)];
      expect(again.text).toBe(first.text);
      expect(again.outline).toEqual(WHOLE);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(agent.invocations).toHaveLength(calls + 1);
    });

    it('completes and stores the turn of a client that disconnects, and handles the next event', async () => {
      const chunks = Array.from({ length: 20 }, (_, index) => `piece ${index}, `);
      agent.enqueue({ type: 'chunks', chunks, pauseMs: 25 });
      const call = { body: { prompt: 'hello' }, headers: { 'idempotency-key': 'leaves' } };
      const { body } = await caller.open(call);
      body.destroy();
      const again = await caller.ask(call);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.text).toBe(chunks.join(''));
      expect(agent.invocations.at(-1)?.outcome).toBe('replied');
    });

    it('fails an open response when it ends', async () => {
      const doomed = await start('lambda-stream.handler', agent.endpoint);
      const reader = new FunctionCaller(doomed, tokenOf('doomed-user'));
      const { body } = await reader.open({ body: { prompt: 'hello [[fault silence after=1]]' } });
      const reading = expect(text(body)).rejects.toThrow('The function ended before its response was complete');
      await doomed.stop();
      await reading;
    });
  });

  describe('with an agent that waits', () => {
    let lambda: LocalFunction;
    let caller: FunctionCaller;
    beforeAll(async () => {
      lambda = await start('lambda-stream.handler', stepped.endpoint);
      caller = new FunctionCaller(lambda, parts.token);
    });
    afterAll(() => lambda.stop());

    it('sends status and headers with the first delta, and each delta before the next chunk', async () => {
      // The time of the start does not count.
      await caller.ask({ url: '/nowhere' });
      const opening = caller.open({ body: { prompt: 'count' } });
      const begun = performance.now();
      const since = () => `${(performance.now() - begun).toFixed(1).padStart(8)} ms`;
      const trace: string[] = [];
      let read = '';
      for (let chunk = 0; chunk < 10; chunk += 1) {
        await wait(20);
        const said = since();
        await stepped.say(`<${chunk}>`);
        // The agent sends nothing more until the client has this.
        const { statusCode, body } = await opening;
        expect(statusCode).toBe(200);
        while (!read.includes(`<${chunk}>`)) read += String(await nextOf(body));
        trace.push(`${String(chunk).padStart(5)} ${said} ${since()}`);
      }
      stepped.end();
      const rest = await text((await opening).body);
      console.log(`A chunk, when the agent said it, when the caller had read it\n${trace.join('\n')}`);
      expect(read.match(/<\d>/g)).toHaveLength(10);
      expect(rest).toMatch(/"text-end"[^]*"finish"[^]*data: \[DONE\]\n\n$/);
    });

    it('keeps the turn within its time, even if nothing is read', async () => {
      const buffered = await start('lambda.handler', stepped.endpoint);
      const [begun, timeoutMs] = [performance.now(), 8_000];
      const words = 'all work and no play '.repeat(40_000);
      const call = { body: { prompt: 'hello' }, headers: { 'idempotency-key': 'nobody' }, timeoutMs };
      const opening = caller.open(call);
      // The agent never ends its reply.
      await stepped.say(words);
      const { body } = await opening;
      const [, id = ''] = /"chat":\{"id":"([^"]+)"/.exec(String(await nextOf(body)))!;
      const read = async () => {
        const event = { httpMethod: 'GET', path: `/chats/${id}`, headers: { id_token: parts.token } };
        const answer = await buffered.invoke(JSON.stringify({ ...event, requestContext: {} }));
        return JSON.parse((answer as { body: string }).body).chat.messages as { content: string; status: string }[];
      };
      let messages = await read();
      while (messages.length < 2) {
        await wait(100);
        messages = await read();
      }
      expect(performance.now() - begun).toBeLessThan(timeoutMs);
      expect(messages[1]).toMatchObject({ status: 'partial', content: words });
      stepped.end();
      // The stream still has everything for a late reader.
      expect(await text(body)).toContain('data: [DONE]');
      await buffered.stop();
    });
  });

  it('opens with a comment if the agent is silent for 10 s, and handles the next event', async () => {
    const { openedAfter, answer, next } = await silent;
    expect(openedAfter).toBeGreaterThan(9_900);
    expect(answer.raw).toMatch(/^: keep-alive\n\ndata: {"type":"start"/);
    expect([answer.status, answer.outline, answer.isDone]).toEqual([200, ['start', 'error', 'finish'], true]);
    expect(answer.events[1]).toEqual({ type: 'error', errorText: 'The agent took too long' });
    expect(next.outline).toEqual(WHOLE);
  });
});
