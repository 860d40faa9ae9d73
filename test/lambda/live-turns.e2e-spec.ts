import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalFunction, PackageHandler } from '../../scripts/lambda/local-function.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { AI_CHATS, PNG } from '../support/ai-chat.js';
import { expectSame, loadMessages } from '../support/anew-page.js';
import type { ShownMessage } from '../support/chat-client.js';
import { shortBody } from '../support/docs-snippet.js';
import { startDescribedFunction } from '../support/lambda/described-function.js';
import { buildPackage, describeWithClient, findPackageNode } from '../support/lambda/package.js';
import { FunctionCaller } from '../support/lambda/streamed-function.js';
import { expectDescribedResponses } from '../support/openapi/response-listener.js';
import { type SpawnedServer, spawnServer } from '../support/spawned-server.js';
import { SECRET, tokenOf } from '../support/tokens.js';
import { WHOLE } from '../support/ui-stream.js';

const STOPPED = ['start', 'text-start', 'text-delta', 'text-end', 'abort', 'finish'];

/** As on Lambda: a function that returns whole responses, and two environments of the function that streams. */
describeWithClient('the functions of the package', () => {
  const home = mkdtempSync(join(tmpdir(), 'lambda-live-'));
  let parts: FunctionParts;
  let agent: BedrockAgentEmulator;
  beforeAll(async () => {
    cpSync(await buildPackage(), home, { recursive: true });
    parts = await startFunctionParts({ TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '1' });
    agent = await startBedrockAgentEmulator();
  }, 180_000);
  afterAll(async () => {
    await Promise.all([parts.close(), agent.close()]);
    rmSync(home, { recursive: true });
  });

  describe('behind npm run lambda -- serve', () => {
    let served: SpawnedServer;
    let url = '';
    let token = '';
    beforeAll(async () => {
      const variables = { JWT_SECRET_KEY: SECRET, TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0' };
      served = spawnServer(variables, { script: ['scripts/lambda.ts', 'serve', '--package', home] });
      [, url = '', token = ''] = await served.untilPrinted(/ready on (http:\S+)[^]*ID_TOKEN=(\S+)/);
      expectDescribedResponses(url);
    });
    afterAll(async () => {
      expect(await served.end('SIGTERM')).toBe(0);
    });

    const stored = async (chatId: string) => {
      const read = await fetch(`${url}/chats/${chatId}`, { headers: { id_token: token } });
      return ((await read.json()) as { chat: { running?: true; messages: ShownMessage[] } }).chat;
    };

    it('let the AI SDK stop before and after the first word, and send at once', async () => {
      const [sdk, open] = AI_CHATS[0]!;
      const chat = open(url, token);
      await chat.sendMessage({ text: 'Hello' });
      const chatId = chat.id;
      for (const directive of ['delay ms=600000', 'silence after=2']) {
        const count = chat.messages.length;
        const reading = chat.sendMessage({ text: `Tell me [[fault ${directive}]]` });
        if (directive.startsWith('delay')) while (!(await stored(chatId)).running) await wait(20);
        else while (chat.messages.length < count + 2) await wait(20);
        const begun = performance.now();
        await chat.stopAgent();
        await reading;
        await chat.sendMessage({ text: 'And now?' });
        process.stderr.write(
          `AI SDK ${sdk}: the next reply ended ${Math.round(performance.now() - begun)} ms after Stop\n`,
        );
        expect([chat.status, chat.error]).toEqual(['ready', undefined]);
      }
      const statuses = (await stored(chatId)).messages.map(({ status }) => status);
      const done = [undefined, undefined];
      expect(statuses).toEqual([...done, 'stopped', ...done, undefined, 'stopped', ...done]);
    });

    it.each(AI_CHATS)(
      'let the AI SDK %s edit, regenerate and try again, before and after a reload',
      async (_, open) => {
        const chat = open(url, tokenOf('alice'));
        for (const text of ['one', 'two']) await chat.sendMessage({ text });
        await chat.regenerate({ messageId: chat.messages[1]!.id });
        await chat.sendMessage({ text: 'new', messageId: chat.messages[0]!.id });
        const busy = 'next [[fault http-error status=429 exception=ThrottlingException times=9]]';
        await chat.sendMessage({ text: busy });
        expect(chat.error?.message).toContain('The agent is busy');
        await chat.sendMessage({ text: 'next', messageId: chat.messages[2]!.id });
        expect(await expectSame(chat, url)).toEqual(['new 4', 'next 6']);

        const { id } = chat;
        const reload = async (options = {}) =>
          open(url, tokenOf('alice'), { ...options, loaded: { id, messages: await loadMessages(url, id) } });
        const reloaded = await reload();
        await reloaded.resumeStream();
        await reloaded.regenerate();
        expect(await expectSame(reloaded, url)).toEqual(['new 4', 'next 7']);
        await reloaded.sendMessage({ text: 'What is this?', files: [PNG] });
        expect(reloaded.error?.message).toContain('Attachments are not supported');
        const short = await reload({ prepareSendMessagesRequest: shortBody() });
        await short.sendMessage({ text: 'newer', messageId: short.messages[2]!.id });
        expect(await expectSame(short, url)).toEqual(['new 4', 'newer 8']);
      },
    );
  });

  describe('beside each other', () => {
    let functions: LocalFunction[];
    let stream: FunctionCaller;
    let other: FunctionCaller;
    let whole: LocalFunction;
    beforeAll(async () => {
      const node = await findPackageNode();
      const variables = {
        ...parts.variables,
        LOG_LEVEL: 'verbose',
        AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
      };
      const start = (handler: PackageHandler) => startDescribedFunction({ folder: home, handler, node, variables });
      functions = await Promise.all([
        start('lambda.handler'),
        start('lambda-stream.handler'),
        start('lambda-stream.handler'),
      ]);
      const [first, second, third] = functions as [LocalFunction, LocalFunction, LocalFunction];
      whole = first;
      [stream, other] = [new FunctionCaller(second, parts.token), new FunctionCaller(third, parts.token)];
    });
    afterAll(() => Promise.all(functions.map((one) => one.stop())));

    const open = async () => (await stream.ask({ body: { prompt: 'first' } })).events[0]!.messageMetadata!.chat.id;
    const callsOf = (prompt: string) => agent.invocations.filter((call) => call.prompt === prompt);
    const untilAsked = async (prompt: string) => {
      while (callsOf(prompt).length === 0) await wait(5);
    };
    /** Sends a request to the function that returns whole responses. */
    const send = async (method: string, url: string, body?: object) => {
      const caller = new FunctionCaller(whole, parts.token);
      return (await whole.invoke(JSON.stringify(caller.event({ method, url, ...(body && { body }) })))) as {
        statusCode: number;
        body: string;
      };
    };

    it('stop a stream that runs in the other', async () => {
      const chatId = await open();
      const prompt = `stop me [[fault silence after=2]]`;
      const running = stream.ask({ body: { prompt, chat_id: chatId } });
      await untilAsked(prompt);
      const begun = performance.now();
      expect((await send('POST', `/chats/${chatId}/stop`)).statusCode).toBe(202);
      const { outline, events, text, isDone } = await running;
      process.stderr.write(`A stop by another function took ${Math.round(performance.now() - begun)} ms\n`);
      expect([outline, events.at(-1)?.['finishReason'], isDone]).toEqual([STOPPED, 'other', true]);
      expect(callsOf(prompt)).toMatchObject([{ outcome: 'left' }]);
      expect((await stream.stored(chatId)).slice(2)).toMatchObject([
        { content: prompt },
        { content: text, status: 'stopped' },
      ]);
    });

    it('stop a turn with a whole response from the function that streams', async () => {
      const chatId = await open();
      const prompt = `stop me whole [[fault silence after=2]]`;
      const running = send('POST', '/chat', { prompt, chat_id: chatId });
      await untilAsked(prompt);
      expect((await other.ask({ url: `/chats/${chatId}/stop` })).status).toBe(202);
      expect(await running).toMatchObject({ statusCode: 409, body: '{"error":"The turn was stopped"}' });
      expect((await other.ask({ url: `/chats/${chatId}/stop` })).status).toBe(204);
    });

    it('supersede a stream of another environment, with the one place that the user has', async () => {
      const chatId = await open();
      const prompt = `leave me [[fault silence after=2]]`;
      const running = stream.ask({ body: { prompt, chat_id: chatId } });
      await untilAsked(prompt);
      const body = { prompt: 'next', chat_id: chatId };
      expect((await other.ask({ body })).status).toBe(429);
      const next = await other.ask({ body, headers: { supersede: 'true' } });
      expect([next.status, next.outline]).toEqual([200, WHOLE]);
      expect((await running).outline).toEqual(STOPPED);
    });

    it('resume a stream of another environment once it is stored', async () => {
      const chatId = await open();
      const prompt = `again [[fault chunks bytes=60000 pause=500]]`;
      const running = stream.ask({ body: { prompt, chat_id: chatId } });
      await untilAsked(prompt);
      const url = `/chat/stream/${chatId}/stream`;
      const resumed = await other.ask({ method: 'GET', url });
      const { text, events } = await running;
      expect([resumed.outline, resumed.text]).toEqual([WHOLE, text]);
      expect(resumed.events[0]?.messageId).toBe(events[0]?.messageId);
      expect(await other.ask({ method: 'GET', url })).toMatchObject({ status: 204, raw: '' });
    });
  });
});
