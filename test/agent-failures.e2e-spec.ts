import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedBehaviour } from '../src/local/emulated-behaviour.js';
import { type ChatApp, startChatApp } from './support/chat-app.js';

const busy = { status: 429, error: 'The agent is busy' };
const unavailable = { status: 503, error: 'The agent is unavailable' };
const failed = { status: 502, error: 'The agent failed' };
const tookTooLong = { status: 504, error: 'The agent took too long' };

const refusal = (status: number, name: string): EmulatedBehaviour => ({
  type: 'http-error',
  status,
  exception: name,
  message: 'arn:aws:bedrock:us-east-1:123456789012:agent/SECRET says no',
});

describe('a turn whose agent fails', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ AGENT_TIMEOUT_MS: '1500' });
  });
  afterAll(() => app.close());

  it.each<[string, EmulatedBehaviour[], { status: number; error: string }, 'failed' | 'partial', number]>([
    ['throttled three times', Array(3).fill(refusal(429, 'ThrottlingException')), busy, 'failed', 3],
    ['over quota', [refusal(400, 'ServiceQuotaExceededException')], busy, 'failed', 1],
    ['model not ready', Array(3).fill(refusal(424, 'ModelNotReadyException')), unavailable, 'failed', 3],
    ['no access', [refusal(403, 'AccessDeniedException')], failed, 'failed', 1],
    ['no such agent', [refusal(404, 'ResourceNotFoundException')], failed, 'failed', 1],
    ['bad request', [refusal(400, 'ValidationException')], failed, 'failed', 1],
    ['internal error', [refusal(500, 'InternalServerException')], failed, 'failed', 1],
    ['bad gateway', [refusal(502, 'BadGatewayException')], failed, 'failed', 1],
    ['dependency failed', [refusal(424, 'DependencyFailedException')], failed, 'failed', 1],
    ['an empty answer', [{ type: 'empty' }], failed, 'failed', 1],
    ['control returned', [{ type: 'return-control' }], failed, 'failed', 1],
    [
      'an exception in the stream',
      [{ type: 'stream-exception', afterChunks: 2, exception: 'throttlingException' }],
      busy,
      'partial',
      1,
    ],
    ['a torn stream', [{ type: 'torn', afterChunks: 2 }], failed, 'partial', 1],
    ['torn before the first event', [{ type: 'torn', afterChunks: 0 }], failed, 'failed', 1],
    ['a bad frame', [{ type: 'corrupt-frame', afterChunks: 2 }], failed, 'partial', 1],
    ['hung up on', [{ type: 'hang-up' }], failed, 'failed', 1],
    ['silence', [{ type: 'silence', afterChunks: 2 }], tookTooLong, 'partial', 1],
    ['silence from the start', [{ type: 'silence', afterChunks: 0 }], tookTooLong, 'failed', 1],
  ])('%s', async (_, behaviours, { status, error }, stored, invocations) => {
    const { chat } = (await app.chat({ prompt: 'first' }).expect(200)).body;
    const before = app.agent.invocations.length;
    app.agent.enqueue(...behaviours);
    const answer = await app.chat({ prompt: 'second', chat_id: chat.id });
    expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
    expect(app.agent.invocations.length - before).toBe(invocations);
    expect(answer.text).not.toMatch(/arn:|SECRET|Exception|second/);
    if (status === 429 || status === 503) expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    if (status >= 500) expect(answer.body.message).toContain(answer.headers['x-request-id']);
    else expect(Object.keys(answer.body)).toEqual(['error']);

    const { messages } = (await app.read(chat.id).expect(200)).body.chat;
    const kept = messages.slice(2).map(({ role, status: state }: { role: string; status?: string }) => [role, state]);
    expect(kept).toEqual(
      stored === 'failed'
        ? [['user', 'failed']]
        : [
            ['user', undefined],
            ['assistant', 'partial'],
          ],
    );
    expect(messages[2].content).toBe('second');
    const next = await app.chat({ prompt: 'third', chat_id: chat.id }).expect(200);
    expect(next.body.chat.messages.at(-2).content).toBe('third');
  });

  it('answers after a refusal that passed, as if nothing had been', async () => {
    app.agent.enqueue(refusal(429, 'ThrottlingException'));
    await app.chat({ prompt: 'hello' }).expect(200);
  });

  it('is unavailable where nothing listens', async () => {
    const lonely = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: 'http://127.0.0.1:1' });
    const answer = await lonely.chat({ prompt: 'hello' });
    await lonely.close();
    expect({ status: answer.status, error: answer.body.error }).toEqual(unavailable);
  });
});
