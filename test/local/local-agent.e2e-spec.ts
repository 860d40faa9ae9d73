import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { type LocalParts, startLocal } from '../../src/local/start-local.js';
import { SECRET, tokenOf } from '../support/tokens.js';
import { askTurn, readChat, turnsOf } from '../support/chat-client.js';
import {
  type CompletionBehaviour,
  type CompletionServer,
  refuse,
  startCompletionServer,
  streamPart,
  streamTexts,
} from '../support/completion-server.js';

const KEY = 'sk-a-secret-of-the-tests';
const breakOff: CompletionBehaviour = async (response) => {
  await streamPart(['Hel', 'lo'])(response);
  response.destroy();
};

describe.each(['classic', 'harness', 'converse'])('LOCAL_AGENT=%s with LOCAL_AGENT_URL', (agent) => {
  let model: CompletionServer;
  let dataDir: string;
  let local: LocalParts;
  let app: NestExpressApplication;
  let url: string;
  let lines: string[];

  beforeEach(async () => {
    model = await startCompletionServer();
    dataDir = await mkdtemp(join(tmpdir(), 'local-agent-'));
    lines = [];
    const variables = {
      LOCAL_AGENT: agent,
      LOCAL_AGENT_URL: model.url,
      LOCAL_AGENT_KEY: KEY,
      JWT_SECRET_KEY: SECRET,
      LOG_LEVEL: 'fatal',
      AGENT_TIMEOUT_MS: '6000',
    };
    local = await startLocal({ dataDir, variables, onAgentFailure: (line) => lines.push(line) });
    const environment = loadEnvironment({ ...variables, ...local.variables });
    const client = createDynamoDbClient(new TableSettings(environment));
    await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
    client.destroy();
    app = await createApp(environment, { local: true });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await app.close();
    await local.close();
    await model.close();
    await rm(dataDir, { recursive: true });
  });

  const ask = (prompt: string, chat_id?: string) => askTurn(url, 'alice', { prompt, chat_id });

  it('streams the texts of the model as they come', async () => {
    model.behaviour = streamTexts(['Grü', 'ße ', '👋🏽'], 100);
    const response = await fetch(`${url}/chat/stream`, {
      method: 'POST',
      headers: { id_token: tokenOf('alice'), 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Hi' }),
    });
    const deltas: { text: string; at: number }[] = [];
    for await (const bytes of response.body ?? []) {
      for (const [, text = ''] of Buffer.from(bytes as Uint8Array)
        .toString()
        .matchAll(/"text-delta".*"delta":"(.*?)"/g)) {
        deltas.push({ text, at: performance.now() });
      }
    }
    expect(deltas.map(({ text }) => text)).toEqual(['Grü', 'ße ', '👋🏽']);
    expect((deltas[2]?.at ?? 0) - (deltas[0]?.at ?? 0)).toBeGreaterThan(150);
    expect(lines).toEqual([]);
  });

  it('sends the whole conversation to the model, with its replies', async () => {
    const first = await ask('My name is Ada');
    expect(first.body.response).toBe('Hello');
    await ask('Who am I?', first.body.chat.id);
    expect(model.requests.at(-1)?.body).toMatchObject({
      stream: true,
      messages: [
        { role: 'user', content: 'My name is Ada' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Who am I?' },
      ],
    });
  });

  it.each<[string, CompletionBehaviour, number, string | undefined, string]>([
    ['refuses the key', refuse(401, `Bad key ${KEY}`), 502, undefined, 'check LOCAL_AGENT_KEY'],
    ['is not ready', refuse(503, 'Loading model'), 503, undefined, 'Loading model'],
    ['breaks off', breakOff, 502, 'Hello', 'has broken off its reply'],
    ['sends nothing', () => undefined, 504, undefined, 'had sent no text when the turn ended'],
    ['is too slow', streamPart(['Hel', 'lo']), 504, 'Hello', 'had sent only a part of its reply'],
  ])(
    'fails like a real agent, and says why in one line, if the model %s',
    async (_, behaviour, status, answer, line) => {
      const { id } = (await ask('Hi')).body.chat;
      model.behaviour = behaviour;
      const failed = await ask('And now?', id);
      expect(failed.status).toBe(status);
      expect(failed.text).not.toContain('LOCAL_AGENT');
      while (lines.length === 0) await wait(5);
      expect(lines).toEqual([expect.stringContaining(line)]);
      expect(lines[0]).not.toContain(KEY);
      expect(turnsOf((await readChat(url, 'alice', id)).body.chat)[1]).toEqual({
        prompt: 'And now?',
        status: answer === undefined ? 'failed' : 'partial',
        ...(answer !== undefined && { answer }),
      });
    },
  );

  it('follows the directives of a prompt without the model', async () => {
    expect((await ask('Hi [[fault torn after=2]]')).status).toBe(502);
    expect(model.requests).toEqual([]);
  });
});
