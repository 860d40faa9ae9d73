import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { mintToken } from '../../src/local/dev-token.js';
import {
  AUDIENCE,
  ISSUER,
  type IssuerKey,
  issuerKey,
  issuerToken,
  type KeyServer,
  serveKeys,
  startKeyServer,
} from '../support/key-server.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { type ListeningServer, startServer } from '../support/spawned-server.js';

/** Secrets of the requests. None of them may appear in a log or an error. */
const MARKERS = {
  secret: 'planted-secret-2f7c1f0c9b6e4d1c8a57b3e1',
  prompt: 'planted-prompt-Zq81',
  answer: 'planted-answer-Wk42',
  email: 'planted-email-Rt93@example.com',
  key: 'planted-key-Hm57',
  cursor: 'planted-cursor-Jd36',
  frame: 'planted-frame-Bn58',
  arn: 'arn:aws:bedrock:us-east-1:123456789012:agent/planted',
};
/** A prompt whose second line looks like a part of a stack. */
const PROMPT = `${MARKERS.prompt}\n    at ${MARKERS.frame} (file:///${MARKERS.frame}.js:1:1)`;
const ERROR = /"level":"error"/g;

describe('what the service writes', () => {
  let parts: ServerParts;
  let server: ListeningServer;
  let errors: string[];
  let statuses: (number | string)[];
  const token = mintToken({ secret: MARKERS.secret, sub: 'alice', email: MARKERS.email });
  const prompt = PROMPT;

  async function start(variables: Record<string, string>): Promise<void> {
    errors = [];
    statuses = [];
    parts = await startServerParts();
    server = await startServer({
      ...parts.variables,
      // Only the silent agent may need longer, also on a busy machine.
      AGENT_TIMEOUT_MS: '6000',
      LOG_LEVEL: 'verbose',
      TURNS_PER_MINUTE: '100',
      ...variables,
    });
  }

  /** Sends a request with markers in its query. Collects its error: body, headers, or the end of a stream. */
  async function send(request: supertest.Test): Promise<supertest.Response> {
    const response = await request.query({ id_token: token, prompt });
    const { status, text, headers } = response;
    const streamed = /"errorText":.*/.exec(text)?.[0];
    statuses.push(streamed === undefined ? status : `${status}, then an error`);
    if (status >= 400) errors.push(text, JSON.stringify(headers));
    if (streamed !== undefined) errors.push(streamed);
    return response;
  }
  const post = (path: string, body: object | string, headers: Record<string, string> = {}) =>
    send(
      supertest(server.url)
        .post(path)
        .set({ 'content-type': 'application/json', id_token: token, ...headers })
        .send(body),
    );
  const chat = (body: object | string, headers?: Record<string, string>) => post('/chat', body, headers);
  const get = (path: string) => send(supertest(server.url).get(path).set('id_token', token));
  const remove = (path: string) => send(supertest(server.url).delete(path).set('id_token', token));
  const refusal = (status: number, exception: string) =>
    ({ type: 'http-error', status, exception, message: `${MARKERS.arn} ${PROMPT}` }) as const;
  const FAULTS = [
    refusal(403, 'AccessDeniedException'),
    refusal(400, 'ValidationException'),
    refusal(500, 'InternalServerException'),
    refusal(400, 'ServiceQuotaExceededException'),
    { type: 'chunks', chunks: [MARKERS.answer] },
    { type: 'stream-exception', exception: 'dependencyFailedException', message: MARKERS.arn, afterChunks: 1 },
    { type: 'corrupt-frame', afterChunks: 1 },
    { type: 'torn', afterChunks: 1 },
    { type: 'silence', afterChunks: 1 },
  ] as const;

  /** Ends the server, and checks everything that it has written and sent. */
  async function expectSilence(tokens: readonly string[]): Promise<void> {
    await server.end('SIGTERM');
    for (const text of [server.printed, errors.join('\n')]) {
      for (const marker of [
        ...Object.values(MARKERS),
        'arn:aws',
        'eyJ',
        ...tokens.flatMap((each) => each.split('.')),
      ]) {
        expect(text).not.toContain(marker);
      }
    }
  }

  describe('with a secret', () => {
    beforeAll(() => start({ JWT_SECRET_KEY: MARKERS.secret }));
    afterAll(() => parts.close());

    it('has no token, secret, key, prompt, reply, address or ARN', async () => {
      parts.agent.enqueue({ type: 'chunks', chunks: [MARKERS.answer] });
      await chat({ prompt });
      for (const behaviour of FAULTS) {
        parts.agent.enqueue(behaviour);
        await chat({ prompt });
      }
      await chat({ prompt: { text: prompt } });
      await chat({ prompt, chat_id: 'no-such-chat' });
      await chat({ prompt, chat_id: `${prompt} ` });
      await chat(`{"prompt":"${prompt}"`);
      await chat(prompt);
      await chat({ prompt: prompt.repeat(20_000) });
      const others = { secret: MARKERS.secret, sub: 'a', email: MARKERS.email };
      await chat({ prompt }, { id_token: `${token}x` });
      await chat({ prompt }, { id_token: mintToken({ ...others, expiresInSeconds: -9 }) });
      await chat({ prompt }, { id_token: mintToken({ ...others, email: 'x', username: MARKERS.prompt }) });
      expect(statuses).toEqual([
        200, 502, 502, 502, 429, 200, 502, 502, 502, 504, 400, 404, 400, 400, 400, 413, 401, 401, 401,
      ]); // prettier-ignore
    });

    it('has none of them after a streamed turn', async () => {
      statuses = [];
      for (const behaviour of FAULTS) {
        parts.agent.enqueue(behaviour);
        await post('/chat/stream', { prompt });
      }
      await post('/chat/stream', { prompt, chat_id: 'no-such-chat' });
      const broken = '200, then an error';
      expect(statuses).toEqual([502, 502, 502, 429, 200, broken, broken, broken, broken, 404]);
    });

    it('has none of them after a chat is read, replayed or deleted', async () => {
      statuses = [];
      const headers = { authorization: `Bearer ${token}`, id_token: '', 'idempotency-key': MARKERS.key };
      const { body } = await chat({ prompt }, headers);
      const path = `/chats/${body.chat.id}`;
      await chat({ prompt }, headers);
      await chat({ prompt: `${prompt} again` }, headers);
      await chat({ prompt }, { 'idempotency-key': `${MARKERS.key}é` });
      await chat({ prompt }, { authorization: `Bearer ${token}x` });
      await get(path);
      await get(`${path}/messages`);
      await get(`${path}/messages?cursor=${MARKERS.cursor}`);
      await get(`${path}/messages?limit=${MARKERS.cursor}`);
      await get(`/chats/${MARKERS.prompt}`);
      await get(`/${MARKERS.prompt}`);
      await get(`/chats/%${MARKERS.prompt}`);
      await remove(`/chats/${MARKERS.prompt}`);
      await remove(path);
      expect(statuses).toEqual([200, 200, 422, 400, 401, 200, 200, 400, 400, 404, 404, 404, 404, 204]);
    });

    it('has none of them after the table is broken, and then gone', async () => {
      statuses = [];
      const broken = { id: 'broken', user_id: 'alice', title: prompt, messages: MARKERS.answer };
      await parts.table.send(new PutCommand({ TableName: parts.tableName, Item: broken }));
      await chat({ prompt, chat_id: 'broken' });
      await parts.dynamoDb.close();
      await chat({ prompt });
      await post('/chat/stream', { prompt });
      await get('/chats/broken');
      await get('/chats/broken/messages');
      await remove('/chats/broken');
      expect(statuses).toEqual([500, 503, 503, 503, 503, 503]);
    });

    it('has still written its log', async () => {
      await expectSilence([token]);
      expect(server.printed).toContain('POST /chat 200');
      expect(server.printed).toContain('DELETE /chats/:id 204');
      expect(server.printed.match(ERROR)?.length).toBeGreaterThan(15);
    });
  });

  describe('with the keys of an issuer', () => {
    let key: IssuerKey;
    let keyServer: KeyServer;

    beforeAll(async () => {
      key = issuerKey('planted-kid');
      keyServer = await startKeyServer((response) => response.end(`{"keys":"${MARKERS.secret}"`));
      await start({
        JWT_SECRET_KEY: '',
        JWT_JWKS_URI: `${keyServer.url}?key=${MARKERS.secret}`,
        JWT_ISSUER: ISSUER,
        JWT_AUDIENCE: AUDIENCE,
      });
    });
    afterAll(async () => {
      await keyServer.close();
      await parts.close();
    });

    it('has no token, kid or response of the key server', async () => {
      const tokens = [
        issuerToken(key, { email: MARKERS.email }),
        issuerToken(issuerKey('planted-kid'), { email: MARKERS.email }),
        issuerToken(key, { email: MARKERS.email }, { kid: 'another-planted-kid' }),
      ] as const;
      await chat({ prompt }, { id_token: tokens[0] });
      await new Promise((resolve) => setTimeout(resolve, 5_100));
      keyServer.behaviour = serveKeys(key);
      await chat({ prompt }, { id_token: tokens[0] });
      await chat({ prompt }, { id_token: tokens[1] });
      await chat({ prompt }, { id_token: tokens[2] });
      expect(statuses).toEqual([503, 200, 401, 401]);
      await expectSilence(tokens);
      expect(server.printed).not.toContain('planted-kid');
      expect(server.printed.match(ERROR)).toHaveLength(1);
    });
  });
});
