import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { buildRestEvent } from '../../scripts/lambda/events.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { settled } from '../../src/app.js';
import { type HarnessEmulator, startHarnessEmulator } from '../../src/local/emulator/harness/server.js';
import { startChatAppWith } from '../support/chat-app.js';
import { importHandler } from '../support/lambda/handlers.js';

const HARNESS = { AGENT_HARNESS_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/tests-a1b2c3d4e5' };
const ENDPOINT = 'AWS_ENDPOINT_URL_BEDROCK_AGENTCORE';
/** A reply that the service cuts, because it is over 1 MB. */
const TOO_LARGE = { type: 'chunks', chunks: Array<string>(25).fill('x'.repeat(50_000)) } as const;

describe('the end of a session whose turn was given up', () => {
  let agent: HarnessEmulator;
  let release: () => void;

  beforeEach(async () => {
    const held = new Promise<void>((resolve) => (release = resolve));
    agent = await startHarnessEmulator({ beforeStop: () => held });
    agent.enqueue(TOO_LARGE);
  });

  it('is not awaited by the caller of a server, but by its shutdown', async () => {
    const app = await startChatAppWith({ variables: HARNESS, endpointVariable: ENDPOINT, emulator: agent });
    await app.chat({ prompt: 'hello' }).expect(502);
    expect(agent.stops).toEqual([]);
    const idle = settled(app.nest).then(() => agent.stops.length);
    const closed = app.close().then(() => agent.stops.length);
    release();
    expect(await Promise.all([idle, closed])).toEqual([1, 1]);
  });

  describe('on Lambda', () => {
    let parts: FunctionParts;
    beforeAll(async () => {
      parts = await startFunctionParts({}, 'harness');
    });
    afterEach(() => agent.close());
    afterAll(() => parts.close());

    it('is awaited by the function, which freezes with its response', async () => {
      const handler = await importHandler({ ...parts.variables, [ENDPOINT]: agent.endpoint });
      const event = buildRestEvent({
        method: 'POST',
        url: '/chat',
        rawHeaders: ['content-type', 'application/json', 'id_token', parts.token],
        body: Buffer.from('{"prompt":"hello"}'),
      });
      const context = { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 60_000 } as Context;
      const responding = handler(event, context).then(({ statusCode }) => [statusCode, agent.stops.length]);
      setTimeout(release, 1_000);
      expect(await responding).toEqual([502, 1]);
    });
  });
});
