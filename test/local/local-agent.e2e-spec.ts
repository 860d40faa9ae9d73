import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createApp } from '../../src/app.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { startLocal } from '../../src/local/start-local.js';
import { expectDescribedResponses } from '../support/openapi/response-listener.js';
import { SECRET, tokenOf } from '../support/tokens.js';
import { itEachBeside } from '../support/together.js';
import { readStream } from '../support/ui-stream.js';
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

const AGENTS = ['classic', 'harness', 'converse'];

/** The service in local mode, with a model behind its emulated agent. */
interface LocalService {
  readonly model: CompletionServer;
  readonly url: string;
  /** What was said of failures of the model. */
  readonly lines: string[];
  readonly ask: (prompt: string, chatId?: string) => ReturnType<typeof askTurn>;
  close(): Promise<void>;
}

async function startService(agent: string): Promise<LocalService> {
  const model = await startCompletionServer();
  const dataDir = await mkdtemp(join(tmpdir(), 'local-agent-'));
  const lines: string[] = [];
  const variables = {
    LOCAL_AGENT: agent,
    LOCAL_AGENT_URL: model.url,
    LOCAL_AGENT_KEY: KEY,
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: 'fatal',
    AGENT_TIMEOUT_MS: '6000',
  };
  const local = await startLocal({ dataDir, variables, onAgentFailure: (line) => lines.push(line) });
  const environment = loadEnvironment({ ...variables, ...local.variables });
  const client = createDynamoDbClient(new TableSettings(environment));
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  client.destroy();
  const app = await createApp(environment, { local: true });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  expectDescribedResponses(url);
  return {
    model,
    url,
    lines,
    ask: (prompt, chat_id) => askTurn(url, 'alice', { prompt, chat_id }),
    close: async () => {
      await app.close();
      await local.close();
      await model.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** A model that fails: in words, what it does, the status of the response, the text that is kept, and the line. */
type Failure = readonly [string, CompletionBehaviour, number, string | undefined, string];

async function checkFailure({ model, url, lines, ask }: LocalService, failure: Failure): Promise<void> {
  const [, behaviour, status, answer, line] = failure;
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
}

describe('LOCAL_AGENT with LOCAL_AGENT_URL', () => {
  describe.each(AGENTS)('%s', (agent) => {
    let service: LocalService;
    beforeAll(async () => {
      service = await startService(agent);
    });
    beforeEach(() => {
      service.lines.length = 0;
      service.model.behaviour = streamTexts(['Hello']);
    });
    afterAll(() => service.close());

    it('streams the texts of the model as they come', async () => {
      const texts: string[] = [];
      // The model sends no text before the last one was read.
      const pause = async (index: number) => {
        while (texts.length < index) await wait(5);
      };
      service.model.behaviour = streamTexts(['Grü', 'ße ', '👋🏽'], { pause });
      const response = await fetch(`${service.url}/chat/stream`, {
        method: 'POST',
        headers: { id_token: tokenOf('alice'), 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'Hi' }),
      });
      for await (const bytes of response.body ?? []) {
        const body = Buffer.from(bytes as Uint8Array).toString();
        for (const [, text = ''] of body.matchAll(/"text-delta".*"delta":"(.*?)"/g)) texts.push(text);
      }
      expect(texts).toEqual(['Grü', 'ße ', '👋🏽']);
      expect(service.lines).toEqual([]);
    });

    it('sends the whole conversation to the model, with its replies', async () => {
      const first = await service.ask('My name is Ada');
      expect(first.body.response).toBe('Hello');
      await service.ask('Who am I?', first.body.chat.id);
      expect(service.model.requests.at(-1)?.body).toMatchObject({
        stream: true,
        messages: [
          { role: 'user', content: 'My name is Ada' },
          { role: 'assistant', content: 'Hello' },
          { role: 'user', content: 'Who am I?' },
        ],
      });
    });

    it.each([
      ['length', 'length', 'partial'],
      ['content_filter', 'content-filter', undefined],
    ])('passes on how the model has ended, and its tokens: %s', async (reason, finishReason, status) => {
      const usage = { prompt_tokens: 30, completion_tokens: 7 };
      service.model.behaviour = streamTexts(['Hello'], { reason, usage });
      const stream = await readStream(service.url, { prompt: 'Hi' });
      const finish = stream.events.at(-1);
      const { chat } = (await readChat(service.url, 'alice', finish!.messageMetadata!.chat.id)).body;
      // Bedrock Agents tells neither.
      const isTold = agent !== 'classic';
      expect(finish).toMatchObject({ type: 'finish', finishReason: isTold ? finishReason : 'stop' });
      expect(finish!.messageMetadata).toEqual({
        chat: expect.anything(),
        ...(isTold && { usage: { inputTokens: 30, outputTokens: 7, totalTokens: 37 } }),
      });
      expect(chat.messages[1]).toEqual({
        id: `${chat.id}:1`,
        role: 'assistant',
        content: 'Hello',
        created_at: expect.any(String),
        ...(isTold && { status, usage: { input_tokens: 30, output_tokens: 7 } }),
      });
      expect(service.lines).toEqual([]);
    });

    it.each<Failure>([
      ['refuses the key', refuse(401, `Bad key ${KEY}`), 502, undefined, 'check LOCAL_AGENT_KEY'],
      ['is not ready', refuse(503, 'Loading model'), 503, undefined, 'Loading model'],
      ['breaks off', breakOff, 502, 'Hello', 'has broken off its reply'],
    ])('fails like a real agent, and says why in one line, if the model %s', (...failure) =>
      checkFailure(service, failure),
    );

    it('follows the directives of a prompt without the model', async () => {
      const asked = service.model.requests.length;
      expect((await service.ask('Hi [[fault torn after=2]]')).status).toBe(502);
      expect(service.model.requests).toHaveLength(asked);
    });
  });

  const late: readonly (readonly [agent: string, failure: Failure])[] = [
    ['classic', ['sends nothing', () => undefined, 504, undefined, 'had sent no text when the turn ended']],
    ['harness', ['is too slow', streamPart(['Hel', 'lo']), 504, 'Hello', 'had sent only a part of its reply']],
    ['converse', ['is too slow', streamPart(['Hel', 'lo']), 504, 'Hello', 'had sent only a part of its reply']],
  ];
  itEachBeside(
    late.map(([agent, failure]) => ({ agent, failure, words: failure[0] })),
    'fails like a real agent, and says why in one line, if the model $words: $agent',
    async ({ agent, failure }) => {
      const service = await startService(agent);
      try {
        await checkFailure(service, failure);
      } finally {
        await service.close();
      }
    },
  );
});
