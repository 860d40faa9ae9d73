import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentEvent, AgentRequest } from '../../src/chat/agent/agent.js';
import { AgentBusyError, AgentFailedError, AgentUnavailableError } from '../../src/chat/agent/agent.errors.js';
import { ConverseProvider } from '../../src/chat/agent/converse/converse.provider.js';
import type { ConverseTarget } from '../../src/config/agent-settings.js';
import { BLOCKED, type ConverseEmulator, startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { toSettings } from '../support/agent-providers.js';
import { startChatAppWith } from '../support/chat-app.js';
import { originalChat, putItem } from '../support/chat-items.js';

const MODEL = { AGENT_MODEL_ID: 'amazon.nova-lite-v1:0' };
const GUARDRAIL = { AGENT_GUARDRAIL_ID: 'gr1', AGENT_GUARDRAIL_VERSION: '2' };
const REQUEST: AgentRequest = {
  sessionId: 'a-session-of-at-least-33-characters',
  prompt: 'hello',
  history: [],
  actorId: 'a'.repeat(64),
  deadline: Date.now() + 60_000,
  attributes: {},
};

describe('ConverseProvider', () => {
  let model: ConverseEmulator;
  let sut: ConverseProvider;
  beforeEach(async () => {
    model = await startConverseEmulator();
    sut = create(MODEL);
  });
  afterEach(async () => {
    sut.close();
    await model.close();
  });

  function create(variables: Readonly<Record<string, string>>): ConverseProvider {
    const settings = toSettings({ ...variables, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: model.endpoint });
    return ConverseProvider.create(settings, settings.target as ConverseTarget);
  }
  /** Asks a model with other settings. */
  async function collect(variables?: Readonly<Record<string, string>>, request: Partial<AgentRequest> = {}) {
    if (variables) {
      sut.close();
      sut = create(variables);
    }
    const events: AgentEvent[] = [];
    for await (const event of sut.reply({ ...REQUEST, ...request }, new AbortController().signal)) events.push(event);
    return events;
  }

  it('sends the prompt alone to a model without further settings', async () => {
    await collect();
    expect(model.invocations).toEqual([
      {
        modelId: 'amazon.nova-lite-v1:0',
        prompt: 'hello',
        sessionId: expect.any(String),
        metadata: { actor: REQUEST.actorId },
        outcome: 'replied',
      },
    ]);
  });

  it('sends the system prompt, the most tokens and the guardrail', async () => {
    await collect({ ...MODEL, ...GUARDRAIL, AGENT_SYSTEM_PROMPT: 'Be brief', AGENT_MAX_TOKENS: '99' });
    expect(model.invocations[0]).toMatchObject({
      systemPrompt: 'Be brief',
      maxTokens: 99,
      guardrail: { id: 'gr1', version: '2' },
    });
  });

  it.each([
    'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3d4e5f6',
    'arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0',
  ])('asks a model or an inference profile by its id or ARN: %s', async (id) => {
    await collect({ AGENT_MODEL_ID: id });
    expect(model.invocations[0]?.modelId).toBe(id);
  });

  it('fails if AWS does not know the model', async () => {
    await expect(collect({ AGENT_MODEL_ID: 'no_model' })).rejects.toBeInstanceOf(AgentFailedError);
    expect(model.invocations).toEqual([]);
  });

  it('yields the tokens of the system prompt, the history and the prompt, and of the reply', async () => {
    const history = [{ prompt: 'x'.repeat(400), reply: 'y'.repeat(400) }];
    model.enqueue({ type: 'chunks', chunks: ['z'.repeat(40)] });
    const events = await collect(
      { ...MODEL, AGENT_SYSTEM_PROMPT: 's'.repeat(400) },
      { prompt: 'p'.repeat(400), history },
    );
    expect(events.filter(({ type }) => type === 'usage')).toMatchObject([{ inputTokens: 400 }]);
  });

  it('yields citations', async () => {
    model.enqueue({ type: 'chunks', chunks: ['one', { citation: { title: 'A', source: 'https://a.example' } }] });
    expect((await collect())[1]).toEqual({ type: 'citation', citation: { title: 'A', uri: 'https://a.example' } });
  });

  it('counts images, and does not yield them', async () => {
    const image = { image: { source: { bytes: Buffer.from('png').toString('base64') } } };
    model.enqueue({ type: 'chunks', chunks: ['one ', image, image, 'two'] });
    const events = await collect();
    const files = { type: 'files', count: 1 };
    expect(events.slice(0, 4)).toEqual([{ type: 'text', text: 'one ' }, files, files, { type: 'text', text: 'two' }]);
  });

  it.each([
    ['ModelTimeoutException', 408, AgentFailedError, 1],
    ['ModelErrorException', 424, AgentFailedError, 1],
    ['ModelNotReadyException', 429, AgentUnavailableError, 3],
    ['ServiceUnavailableException', 503, AgentUnavailableError, 1],
    ['ThrottlingException', 429, AgentBusyError, 3],
  ] as const)(
    'throws its own error for %s, and asks again only if nothing ran',
    async (exception, status, error, times) => {
      for (let attempt = 0; attempt < times; attempt += 1) model.enqueue({ type: 'http-error', status, exception });
      await expect(collect()).rejects.toBeInstanceOf(error);
      expect(model.invocations).toHaveLength(times);
    },
  );

  it.each(['ModelStreamErrorException', 'InternalServerException', 'ValidationException'])(
    'fails for %s inside the stream',
    async (exception) => {
      model.enqueue({ type: 'stream-exception', exception, afterChunks: 2 });
      await expect(collect()).rejects.toBeInstanceOf(AgentFailedError);
    },
  );

  it('ends a reply for the content filter if the guardrail intervenes', async () => {
    const events = await collect({ ...MODEL, ...GUARDRAIL }, { prompt: BLOCKED });
    expect(events.map(({ type }) => type)).toEqual(['text', 'usage', 'end']);
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'content-filter' });
  });

  it('remembers nothing, and ends no session', async () => {
    expect(sut.memory).toMatchObject({ idleSeconds: 0, ownsUnnamedSessions: false });
    await sut.endSession();
    expect(model.connections).toBe(0);
  });

  describe('in a chat', () => {
    /** The messages of so many turns. */
    const exchanges = (count: number) =>
      Array.from({ length: count }, (_, index) => [
        { role: 'user', content: `question ${index + 1}` },
        { role: 'assistant', content: 'reply' },
      ]).flat();
    const startApp = (variables: Record<string, string> = {}) =>
      startChatAppWith(
        { variables: MODEL, endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME', emulator: model },
        variables,
      );

    it('gets the history with every turn, within 20 turns', async () => {
      const app = await startApp();
      await putItem(app, originalChat('old', exchanges(18)));
      for (let turn = 1; turn <= 5; turn += 1) await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
      const first = model.invocations.map(({ conversationHistory }) => conversationHistory?.[0]?.text);
      const lengths = model.invocations.map(({ conversationHistory = [] }) => conversationHistory.length / 2);
      expect(lengths).toEqual([18, 19, 20, 20, 20]);
      expect(first).toEqual(['question 1', 'question 1', 'question 1', 'question 2', 'question 3']);
      await app.close();
    });

    it('gets at most 100 KB of history', async () => {
      const app = await startApp();
      const prompt = '漢'.repeat(15_000);
      const { id } = (await app.chat({ prompt }).expect(200)).body.chat as { id: string };
      for (let turn = 2; turn <= 4; turn += 1) await app.chat({ prompt, chat_id: id }).expect(200);
      const texts = model.invocations.at(-1)?.conversationHistory ?? [];
      expect(texts).toHaveLength(4);
      expect(texts.reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(100_000);
      await app.close();
    });

    it('goes on after a turn that the guardrail has blocked, which the model does not get again', async () => {
      const app = await startApp(GUARDRAIL);
      const { id } = (await app.chat({ prompt: 'My name is Ada' }).expect(200)).body.chat as { id: string };
      const blocked = await app.chat({ prompt: `Say it ${BLOCKED}`, chat_id: id }).expect(200);
      expect(blocked.body.response).toMatch(/^Sorry/);
      const { body } = await app.chat({ prompt: 'What did I say first?', chat_id: id }).expect(200);
      expect(body.response).toContain('This is turn 2; you began with “My name is Ada”');
      expect(body.chat.messages).toHaveLength(6);
      await app.close();
    });

    it('gets 20 turns of history, however many of the newest turns the guardrail has blocked', async () => {
      const app = await startApp({ ...GUARDRAIL, CHAT_HISTORY_LIMIT: '2' });
      await putItem(app, originalChat('old', exchanges(30)));
      for (let count = 1; count <= 5; count += 1) await app.chat({ prompt: BLOCKED, chat_id: 'old' }).expect(200);
      await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
      const history = model.invocations.at(-1)?.conversationHistory ?? [];
      expect(history.map(({ text }) => text).filter((text) => text !== 'reply')).toEqual(
        Array.from({ length: 20 }, (_, index) => `question ${index + 11}`),
      );
      await app.close();
    });

    it('stores the usage, and a reply that the model cut as partial', async () => {
      const app = await startApp();
      model.enqueue({ type: 'stop-reason', reason: 'max_tokens' });
      const { body } = await app.chat({ prompt: 'hello' }).expect(200);
      const usage = { input_tokens: 2, output_tokens: expect.any(Number) };
      expect(body.chat.messages[1]).toMatchObject({ status: 'partial', usage });
      await app.close();
    });
  });
});
