import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { PROVIDERS, type ProviderUnderTest } from '../support/agent-providers.js';
import { type ChatApp, startChatApp, startChatAppWith } from '../support/chat-app.js';
import { readHead, setAttribute } from '../support/chat-items.js';
import { type GatedCall, startGate } from '../support/gate.js';

const RECALL = 'What did I say first?';
/** The emulated agents count a token for each four bytes. */
const toTokens = (text: string) => Math.ceil(Buffer.byteLength(text) / 4);
const RECALLED = 'The first thing you said to me was “My name is Ada”.';

describe.each(PROVIDERS)('a chat with $name', (provider) => {
  let clockAhead = 0;
  let agent: AgentEmulator;
  let app: ChatApp<AgentEmulator>;

  const { idleSeconds = 0, maxSeconds } = provider.memory ?? {};
  const remembers = provider.memory !== undefined;

  const start = (
    chosen: Readonly<Record<string, string>>,
    emulator: AgentEmulator,
    variables: Record<string, string> = {},
  ) => startChatAppWith({ variables: chosen, endpointVariable: provider.endpointVariable, emulator }, variables);

  let before: number;
  beforeAll(async () => {
    agent = await provider.startEmulator({ now: () => Date.now() + clockAhead });
    app = await start(provider.variables, agent);
  });
  afterAll(() => app.close());
  beforeEach(() => void (before = agent.invocations.length));

  const turn = async (prompt: string, chatId?: string, { service = app, user = 'alice' } = {}) =>
    (await service.chat({ prompt, chat_id: chatId }, user).expect(200)).body as {
      response: string;
      chat: { id: string };
    };
  /** The calls of the test. */
  const getCalls = () => agent.invocations.slice(before);
  const getSessions = () => getCalls().map(({ sessionId }) => sessionId);
  const getPrompts = (index: number) =>
    getCalls()
      .at(index)
      ?.conversationHistory?.flatMap(({ role, text }) => (role === 'user' ? [text] : []));

  /** Advances the agent's clock, and the age of the chat's session. */
  async function passTime(chatId: string, seconds: number): Promise<void> {
    clockAhead += seconds * 1000;
    await makeOlder(chatId, seconds, ['at', 'since']);
  }
  async function makeOlder(chatId: string, seconds: number, names: readonly string[]): Promise<void> {
    const session = (await readHead(app, chatId))?.['session'] as Record<string, string>;
    for (const name of names) {
      const time = new Date(Date.parse(session[name] ?? '') - seconds * 1000).toISOString();
      await setAttribute(app, { id: chatId, user_id: 'alice' }, `session.${name}`, time);
    }
  }

  it('is recalled from turn to turn', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    expect((await turn(RECALL, chat.id)).response).toContain(RECALLED);
    if (remembers) {
      expect(new Set(getSessions()).size).toBe(1);
      expect([0, 1, 2].map(getPrompts)).toEqual([undefined, undefined, undefined]);
    }
  });

  it('goes on in a new session after a turn that failed, which gets the history once', async () => {
    const { chat } = await turn('My name is Ada');
    await app.chat({ prompt: 'Hm [[fault torn]]', chat_id: chat.id }).expect(502);
    expect((await turn(RECALL, chat.id)).response).toContain(RECALLED);
    expect((await turn('And now?', chat.id)).response).toContain('you began with “My name is Ada”');
    expect(getPrompts(2)?.[0]).toBe('My name is Ada');
    if (remembers) expect(getPrompts(3)).toBeUndefined();
  });

  it('of one user has another session than the chat of another user', async () => {
    await turn('My name is Ada');
    await turn('My name is Bob', undefined, { user: 'bob' });
    expect(new Set(getSessions()).size).toBe(2);
  });

  it('gets the history once after the idle time of its session', async () => {
    const { chat } = await turn('My name is Ada');
    if (remembers) await passTime(chat.id, idleSeconds);
    const { response } = await turn(RECALL, chat.id);
    expect(response).toContain(RECALLED);
    expect(response).toContain('This is turn 2;');
    expect((await turn('And now?', chat.id)).response).toContain('This is turn 3;');
    expect([0, 1].map(getPrompts)).toEqual([undefined, ['My name is Ada']]);
    if (!remembers) return;
    const [first, second, third] = getSessions();
    expect([second === first, third === second]).toEqual([false, true]);
    expect(getPrompts(2)).toBeUndefined();
  });

  it('gets the history once at the greatest age of its session', async () => {
    const { chat } = await turn('My name is Ada');
    const step = idleSeconds - 60;
    const steps = 3;
    // The clock of the agent stays behind, because it would take a turn in each idle time.
    if (remembers) await makeOlder(chat.id, (maxSeconds ?? 50_000) - steps * step, ['since']);
    for (let count = 1; count < steps; count += 1) {
      if (remembers) await passTime(chat.id, step);
      expect((await turn('And now?', chat.id)).response).toContain(`This is turn ${count + 1};`);
    }
    if (!remembers) return expect(getPrompts(-1)).toHaveLength(steps - 1);
    expect(new Set(getSessions()).size).toBe(1);
    await passTime(chat.id, step);
    await turn('And now?', chat.id);
    expect(new Set(getSessions()).size).toBe(maxSeconds === undefined ? 1 : 2);
    expect(getPrompts(-1)?.length).toBe(maxSeconds === undefined ? undefined : steps);
  });

  it('goes on in a new session with another agent, and with another version of it', async () => {
    for (const other of provider.others) {
      const { chat } = await turn('My name is Ada');
      const changed = await start(other, await provider.startEmulator(), {
        AWS_ENDPOINT_URL_DYNAMODB: app.dynamoDb.endpoint,
      });
      expect((await turn(RECALL, chat.id, { service: changed })).response).toContain(RECALLED);
      const [call] = changed.agent.invocations;
      expect(call?.conversationHistory?.[0]).toEqual({ role: 'user', text: 'My name is Ada' });
      expect(getSessions()).not.toContain(call?.sessionId);
      await changed.close();
    }
  });

  it('sends the agent no id and no address of its user, in any request', async () => {
    const calls: GatedCall[] = [];
    const emulator = await provider.startEmulator();
    const record = (call: GatedCall) => (calls.push(call), 'forward' as const);
    const gate = await startGate(emulator.endpoint, record, () => undefined);
    const service = await start(provider.variables, emulator, { [provider.endpointVariable]: gate.endpoint });
    const user = 'raw-user-id@example.com';
    const { chat } = await turn('My name is Ada', undefined, { service, user });
    await service.chat({ prompt: 'Hm [[fault http-error status=400]]', chat_id: chat.id }, user).expect(502);
    await turn('And now?', chat.id, { service, user });
    await service.remove(chat.id, user).expect(204);
    expect(calls).toHaveLength(remembers ? 4 : 3);
    expect(decodeURIComponent(JSON.stringify(calls))).not.toMatch(/raw-user-id/i);
    await service.close();
    await gate.close();
  });

  /** Reads the reply to a prompt that opens a chat, as it is stored. */
  async function readReply(prompt: string, status: number) {
    const first = await app.chat({ prompt: 'My name is Ada' }).expect(200);
    const { id } = first.body.chat as { id: string };
    await app.chat({ prompt, chat_id: id }).expect(status);
    const { body } = await app.read(id).expect(200);
    return (body as { chat: { messages: { content: string; status?: string; usage?: object }[] } }).chat.messages[3];
  }

  it('has the usage of each turn, the sum over two rounds of tools', async () => {
    const { body } = await app.chat({ prompt: 'hello [[fault tool-rounds rounds=2]]' }).expect(200);
    const { content, usage } = body.chat.messages[1] as { content: string; usage?: object };
    if (!provider.hasMessages) return expect(usage).toBeUndefined();
    const reply = content.split('\n\n').slice(2).join('\n\n');
    const input_tokens = 3 * toTokens('hello [[fault tool-rounds rounds=2]]');
    expect(usage).toEqual({ input_tokens, output_tokens: 3 * toTokens(reply) });
    expect((await app.read(body.chat.id as string)).body.chat.messages).toEqual(body.chat.messages);
  });

  it('keeps the usage if the reply breaks off after it', async () => {
    const kept = await readReply('hello [[fault stop-reason reason=tool_use]]', provider.hasMessages ? 502 : 200);
    if (!provider.hasMessages) return expect(kept?.usage).toBeUndefined();
    expect(kept).toMatchObject({
      status: 'partial',
      usage: { input_tokens: expect.any(Number), output_tokens: toTokens(kept?.content ?? '') },
    });
  });
});

describe('a chat whose service starts again with another agent', () => {
  /** Owns the table, which outlives the other services. */
  let first: ChatApp;
  beforeAll(async () => {
    first = await startChatApp();
  });
  afterAll(() => first.close());

  /** Runs turns with an agent, on the table of the first service. @returns the replies, and what the agent got. */
  async function runTurns(provider: ProviderUnderTest, chatId: string, prompts: readonly string[]) {
    const { variables, endpointVariable } = provider;
    const emulator: AgentEmulator = await provider.startEmulator();
    const service = await startChatAppWith(
      { variables, endpointVariable, emulator },
      { AWS_ENDPOINT_URL_DYNAMODB: first.dynamoDb.endpoint },
    );
    const replies: string[] = [];
    for (const prompt of prompts) {
      replies.push((await service.chat({ prompt, chat_id: chatId }).expect(200)).body.response as string);
    }
    await service.close();
    const histories = emulator.invocations.map(({ conversationHistory = [] }) =>
      conversationHistory.filter(({ role }) => role === 'user').map(({ text }) => text),
    );
    return { replies, histories };
  }

  it('goes from Bedrock Agents to the harness and to Converse, and each agent recalls its beginning', async () => {
    const [, harness, converse] = PROVIDERS;
    const opened = await first.chat({ prompt: 'My name is Ada' }).expect(200);
    const { id } = opened.body.chat as { id: string };

    const withHarness = await runTurns(harness as ProviderUnderTest, id, [RECALL, 'I like trams']);
    expect(withHarness.replies[0]).toContain(RECALLED);
    // The harness gets the past once.
    expect(withHarness.histories).toEqual([['My name is Ada'], []]);

    const withConverse = await runTurns(converse as ProviderUnderTest, id, [RECALL, 'And now?']);
    expect(withConverse.replies[0]).toContain(RECALLED);
    // Converse gets the past with every turn.
    expect(withConverse.histories).toEqual([
      ['My name is Ada', RECALL, 'I like trams'],
      ['My name is Ada', RECALL, 'I like trams', RECALL],
    ]);

    const back = await first.chat({ prompt: RECALL, chat_id: id }).expect(200);
    expect(back.body.response).toContain(RECALLED);
    expect((await first.read(id).expect(200)).body.chat.messages).toHaveLength(12);
  });
});
