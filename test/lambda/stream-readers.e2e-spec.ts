import type { Server } from 'node:http';
import { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { buildRestEvent } from '../../scripts/lambda/events.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { startApp } from '../../src/lambda/start-app.js';
import {
  type Handler,
  importHandler,
  importStreamingHandler,
  type StreamingHandler,
} from '../support/lambda/handlers.js';

const PIECES = Array.from({ length: 8 }, (_, index) => `piece ${index}, `);
const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 60_000 } as Context;

describe('a reader of the streaming handler', () => {
  let parts: FunctionParts;
  let agent: BedrockAgentEmulator;
  let handler: StreamingHandler;
  let buffered: Handler;
  let server: Server;

  beforeAll(async () => {
    parts = await startFunctionParts({ LOG_LEVEL: 'fatal', TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0' });
    agent = await startBedrockAgentEmulator();
    const variables = { ...parts.variables, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint };
    handler = await importStreamingHandler(variables);
    buffered = await importHandler(variables);
    server = (await startApp(process.env)).getHttpServer();
  });
  afterAll(async () => {
    await (await startApp(process.env)).close();
    await Promise.all([parts.close(), agent.close()]);
  });

  const event = (url: string, key: string) =>
    buildRestEvent({
      method: 'POST',
      url,
      rawHeaders: ['id_token', parts.token, 'content-type', 'application/json', 'idempotency-key', key],
      body: Buffer.from('{"prompt":"hello"}'),
    });
  /** Sends the same key: 409 while the turn runs, then the stored reply. */
  async function again(key: string): Promise<{ status: number; response?: string }> {
    const { statusCode: status, body } = await buffered(event('/chat', key), context);
    const { response } = JSON.parse(body) as { response?: string };
    return { status, ...(response !== undefined && { response }) };
  }

  it('gets the complete text, delays no turn and uses little memory if it is slow', async () => {
    const chunks = Array.from({ length: 2_000 }, (_, index) => `${String(index).padStart(149, '0')} `);
    agent.enqueue({ type: 'chunks', chunks });
    const calls = agent.invocations.length;
    let read = '';
    let most = 0;
    let isSlow = true;
    const goOn: (() => void)[] = [];
    const stream = new Writable({
      write: (bytes, _, done) => {
        read += String(bytes);
        most = Math.max(most, stream.writableLength);
        if (isSlow) goOn.push(done);
        else done();
      },
    });
    const handling = handler(event('/chat/stream', 'slow'), stream, { context });
    // Otherwise the next request would run the turn.
    while (agent.invocations.length === calls) await wait(1);
    let stored = await again('slow');
    for (let waits = 0; stored.response === undefined && waits < 300; waits += 1) {
      await wait(100);
      most = Math.max(most, stream.writableLength);
      stored = await again('slow');
    }
    expect(stored).toEqual({ status: 200, response: chunks.join('') });
    expect(read).not.toContain('text-end');
    // The buffer that Node fills before it reports a full stream, and one piece of the reply.
    expect(most).toBeLessThan(200_000);
    isSlow = false;
    goOn.forEach((done) => done());
    await handling;
    const deltas = [...read.matchAll(/"delta":"([^"]*)"/g)].map(([, delta = '']) => delta);
    expect(deltas.join('')).toBe(chunks.join(''));
    expect(read).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('loses nothing if it breaks: the handler ends when the turn is stored', async () => {
    agent.enqueue({ type: 'chunks', chunks: PIECES, pauseMs: 20 });
    const stream = new Writable({ write: (_, __, done) => done(new Error('The connection is gone')) });
    await handler(event('/chat/stream', 'breaks'), stream, { context });
    expect(stream.destroyed).toBe(true);
    expect(await again('breaks')).toEqual({ status: 200, response: PIECES.join('') });
    expect(agent.invocations.at(-1)?.outcome).toBe('replied');
  });

  it.each([
    ['reaches an end if the app cuts the response', 'cut', 'begun'],
    ['gets 500 if the app sends no response', 'none', 'asked'],
  ] as const)('%s, and the turn is stored', async (_, key, when) => {
    agent.enqueue({ type: 'chunks', chunks: PIECES, pauseMs: 20 });
    const calls = agent.invocations.length;
    let response: Writable | undefined;
    server.once('request', (__: unknown, its: Writable) => (response = its));
    let read = '';
    const stream = new Writable({
      write: (bytes, __, done) => {
        read += String(bytes);
        response?.destroy();
        done();
      },
    });
    const handling = handler(event('/chat/stream', key), stream, { context, isCut: when === 'begun' });
    if (when === 'begun') {
      await handling;
      expect(stream.writableFinished).toBe(true);
      expect(read).not.toContain('[DONE]');
    } else {
      while (agent.invocations.length === calls) await wait(1);
      response?.destroy();
      await handling;
      expect(JSON.parse(read)).toMatchObject({ error: 'Internal server error' });
    }
    expect(await again(key)).toEqual({ status: 200, response: PIECES.join('') });
  });
});
