import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { buildRestEvent } from '../../scripts/lambda/events.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import type { LambdaResponse } from '../../src/lambda/response.js';
import { type Handler, importHandler } from '../support/lambda/handlers.js';

/** The function that streams has the same tests in `stream.e2e-spec.ts`. */
describe('the function that returns whole responses', () => {
  let parts: FunctionParts;
  let handler: Handler;
  beforeAll(async () => {
    parts = await startFunctionParts({ AGENT_TIMEOUT_MS: '60000' });
    handler = await importHandler({ ...parts.variables, TURNS_PER_MINUTE: '0' });
  });
  afterAll(() => parts.close());

  /** Sends a turn in an event of a REST API, and as the original system did. */
  function send(url: string, prompt: string): Promise<LambdaResponse>[] {
    const body = JSON.stringify({ prompt });
    const rawHeaders = ['id_token', parts.token, 'content-type', 'application/json'];
    const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 60_000 } as Context;
    const events = [
      buildRestEvent({ method: 'POST', url, rawHeaders, body: Buffer.from(body) }),
      ...(url === '/chat' ? [{ headers: { id_token: parts.token }, body }] : []),
    ];
    return events.map((event) => handler(event, context));
  }

  it.each([
    ['/chat', 'one', 200],
    ['/chat', 'one [[fault hang-up]]', 502],
    ['/chat/stream', 'one', 200],
    ['/chat/stream', 'one [[fault hang-up]]', 502],
  ])('names the chat and the turn in headers: %s, %s', async (url, prompt, status) => {
    for (const { statusCode, headers, multiValueHeaders } of await Promise.all(send(url, prompt))) {
      const { 'chat-id': chatId, 'turn-id': turnId } = headers ?? multiValueHeaders ?? {};
      expect([statusCode, String(turnId)]).toEqual([status, `${String(chatId)}:1`]);
    }
  });

  it.each(['/chat', '/chat/stream'])('names none if no turn has begun: %s', async (url) => {
    for (const { statusCode, headers, multiValueHeaders } of await Promise.all(send(url, ' '))) {
      expect(statusCode).toBe(400);
      expect(Object.keys(headers ?? multiValueHeaders ?? {})).not.toContain('chat-id');
    }
  });
});
