import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { mintToken } from '../src/local/dev-token.js';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import { type ServerProcess, startServerProcess } from './support/server-process.js';

/** Planted wherever something secret goes in; none of them may come out where it does not belong. */
const MARKERS = {
  secret: 'planted-secret-2f7c1f0c9b6e4d1c8a57b3e1',
  prompt: 'planted-prompt-Zq81',
  answer: 'planted-answer-Wk42',
  email: 'planted-email-Rt93@example.com',
  arn: 'arn:aws:bedrock:us-east-1:123456789012:agent/planted',
};

describe('what the service writes', () => {
  let parts: ChatApp;
  let server: ServerProcess;
  const errorBodies: string[] = [];
  const token = mintToken({ secret: MARKERS.secret, sub: 'alice', email: MARKERS.email });

  beforeAll(async () => {
    parts = await startChatApp();
    const { AWS_ENDPOINT_URL_DYNAMODB = '', AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME = '' } = parts.environment;
    server = await startServerProcess({
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      AGENT_TIMEOUT_MS: '1000',
      AWS_ENDPOINT_URL_DYNAMODB,
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME,
      JWT_SECRET_KEY: MARKERS.secret,
      LOG_LEVEL: 'verbose',
    });
  }, 30_000);
  afterAll(() => parts.close());

  async function send(request: supertest.Test): Promise<number> {
    const { status, text } = await request;
    if (status !== 200) errorBodies.push(text);
    return status;
  }
  const chat = (body: object | string, given = token) =>
    send(
      supertest(server.url)
        .post(`/chat?id_token=${given}&prompt=${MARKERS.prompt}`)
        .set({ id_token: given, 'content-type': 'application/json' })
        .send(body),
    );
  const refusal = (status: number, exception: string) =>
    ({ type: 'http-error', status, exception, message: `${MARKERS.arn} ${MARKERS.prompt}` }) as const;

  it('holds no token, secret, prompt, answer, address or ARN, whatever happens', async () => {
    const prompt = MARKERS.prompt;
    const statuses: number[] = [];
    const record = async (status: Promise<number>) => statuses.push(await status);

    parts.agent.enqueue({ type: 'chunks', chunks: [MARKERS.answer] });
    await record(chat({ prompt }));
    for (const behaviour of [
      refusal(403, 'AccessDeniedException'),
      refusal(400, 'ValidationException'),
      refusal(500, 'InternalServerException'),
      refusal(400, 'ServiceQuotaExceededException'),
      { type: 'chunks', chunks: [MARKERS.answer] },
      { type: 'stream-exception', exception: 'dependencyFailedException', message: MARKERS.arn, afterChunks: 1 },
      { type: 'corrupt-frame', afterChunks: 1 },
      { type: 'torn', afterChunks: 1 },
      { type: 'silence', afterChunks: 1 },
    ] as const) {
      parts.agent.enqueue(behaviour);
      await record(chat({ prompt }));
    }
    await record(chat({ prompt: { text: prompt } }));
    await record(chat({ prompt, chat_id: 'no-such-chat' }));
    await record(chat({ prompt, chat_id: `${prompt} ` }));
    await record(chat(`{"prompt":"${prompt}"`));
    await record(chat(prompt));
    await record(chat({ prompt: prompt.repeat(20_000) }));
    await record(chat({ prompt }, `${token}x`));
    await record(
      chat({ prompt }, mintToken({ secret: MARKERS.secret, sub: 'a', email: MARKERS.email, expiresInSeconds: -9 })),
    );
    await record(
      chat({ prompt }, mintToken({ secret: MARKERS.secret, sub: 'a', email: 'x', username: MARKERS.prompt })),
    );
    const broken = { id: 'broken', user_id: 'alice', title: prompt, turns: MARKERS.answer };
    await parts.table.send(new PutCommand({ TableName: parts.environment.DYNAMODB_TABLE, Item: broken }));
    await record(chat({ prompt, chat_id: 'broken' }));
    await parts.dynamoDb.close();
    await record(chat({ prompt }));
    await server.close();

    expect(statuses).toEqual([
      200, 502, 502, 502, 429, 200, 502, 502, 502, 504, 400, 404, 400, 400, 400, 413, 401, 401, 401, 500, 503,
    ]); // prettier-ignore
    const written = server.output();
    expect(written).toContain('POST /chat 200');
    expect(written.match(/"level":"error"/g)?.length).toBeGreaterThan(5);
    for (const text of [written, errorBodies.join('\n')]) {
      for (const marker of [...Object.values(MARKERS), 'arn:aws', 'eyJ', ...token.split('.')]) {
        expect(text).not.toContain(marker);
      }
    }
  }, 30_000);
});
