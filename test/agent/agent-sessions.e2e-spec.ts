import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedInvocation } from '../../src/local/emulator/bedrock-agent/invocation.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { leaveTurn, originalChat, putItem, readHead, setAttribute, setOnHead } from '../support/chat-items.js';
import { startStorageFaults } from '../support/storage-faults.js';
import { mintToken } from '../../src/local/dev-token.js';
import { silence } from '../support/silence.js';
import { SECRET } from '../support/tokens.js';

const RED = 'the-red-tenant';
// The claims are never logged.
silence.keep(RED);
const TTL_SECONDS = 120;
const RECALL = 'What did I say first?';

describe('the agent session of a chat', () => {
  let app: ChatApp;
  let clockAhead = 0;
  beforeAll(async () => {
    app = await startChatApp(
      { AGENT_SESSION_TTL_SECONDS: String(TTL_SECONDS) },
      { agent: { idleTtlSeconds: TTL_SECONDS, now: () => Date.now() + clockAhead } },
    );
  });
  afterAll(() => app.close());

  const turn = async (prompt: string, chatId?: string) =>
    (await app.chat({ prompt, chat_id: chatId }).expect(200)).body as { response: string; chat: { id: string } };
  const getLastCalls = (count: number) => app.agent.invocations.slice(-count);

  /** Advances the agent's clock, and the age of the chat's session. */
  async function passTime(chatId: string, milliseconds: number): Promise<void> {
    clockAhead += milliseconds;
    const session = (await readHead(app, chatId))?.['session'] as { at: string };
    const at = new Date(Date.parse(session.at) - milliseconds).toISOString();
    await setAttribute(app, { id: chatId, user_id: 'alice' }, 'session.at', at);
  }

  it('stays the same from turn to turn, and gets no history', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    const { response } = await turn(RECALL, chat.id);
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    expect(new Set(getLastCalls(3).map(({ sessionId }) => sessionId)).size).toBe(1);
    for (const call of getLastCalls(3)) expect(call).not.toHaveProperty('conversationHistory');
  });

  it('is replaced after its idle time by a new session, which gets the history once', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    await passTime(chat.id, TTL_SECONDS * 1000);
    const { response } = await turn(RECALL, chat.id);
    // The emulated agent counts the turns that it knows, so none was sent twice.
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    expect(response).toContain('This is turn 3');
    expect((await turn('And now?', chat.id)).response).toContain('This is turn 4; you began with “My name is Ada”.');
    const [one, two, three, four] = getLastCalls(4);
    expect(two?.sessionId).toBe(one?.sessionId);
    expect(three?.sessionId).not.toBe(one?.sessionId);
    expect(four?.sessionId).toBe(three?.sessionId);
    expect(getHistoryPrompts(three)).toEqual(['My name is Ada', 'I like trams']);
    for (const call of [one, two, four]) expect(call).not.toHaveProperty('conversationHistory');
  });

  it('stays the same as long as no pause exceeds the idle time', async () => {
    const { chat } = await turn('My name is Ada');
    for (let round = 1; round <= 3; round += 1) {
      await passTime(chat.id, (TTL_SECONDS / 2) * 1000);
      await turn(`round ${round}`, chat.id);
    }
    expect(new Set(getLastCalls(4).map(({ sessionId }) => sessionId)).size).toBe(1);
    expect((await turn(RECALL, chat.id)).response).toContain('This is turn 5; you began with “My name is Ada”.');
  });

  it.each([
    ['failed', '[[fault hang-up]]', 502, ['My name is Ada', 'I like trams']],
    [
      'broke off',
      '[[fault torn after=2]]',
      502,
      ['My name is Ada', 'I like trams', 'I hate queues [[fault torn after=2]]'],
    ],
    ['was refused', '[[fault http-error status=400]]', 502, ['My name is Ada', 'I like trams']],
  ])(
    'is replaced by a new session, which gets the history, after a turn that %s',
    async (_, fault, status, history) => {
      const { chat } = await turn('My name is Ada');
      await turn('I like trams', chat.id);
      await app.chat({ prompt: `I hate queues ${fault}`, chat_id: chat.id }).expect(status);
      const { response } = await turn(RECALL, chat.id);
      expect(response).toContain('The first thing you said to me was “My name is Ada”.');
      expect(response).toContain(`This is turn ${history.length + 1}`);
      await turn('And now?', chat.id);
      const [before, failed, recalling, after] = getLastCalls(4);
      expect(failed?.sessionId).toBe(before?.sessionId);
      expect(recalling?.sessionId).not.toBe(before?.sessionId);
      expect(after?.sessionId).toBe(recalling?.sessionId);
      expect(getHistoryPrompts(recalling)).toEqual(history);
      expect(after).not.toHaveProperty('conversationHistory');
    },
  );

  it('is replaced by a new session without a history after a first turn that failed', async () => {
    const key = { 'idempotency-key': 'first turn' };
    app.agent.enqueue({ type: 'hang-up' });
    await app.chat({ prompt: 'hello' }, 'alice', key).expect(502);
    await app.chat({ prompt: 'hello' }, 'alice', key).expect(200);
    const [one, two] = getLastCalls(2);
    expect(two?.sessionId).not.toBe(one?.sessionId);
    expect(two).not.toHaveProperty('conversationHistory');
  });

  it('gets the history inside the item of a chat of the original system, once', async () => {
    const [first, unanswered, second] = [
      exchange('My name is Ada', 'Hello Ada'),
      { role: 'user', content: 'Nobody replied to this' },
      exchange('I like trams', 'So do I'),
    ] as const;
    await putItem(app, originalChat('old', [...first, unanswered, ...second]));
    const { response } = await turn(RECALL, 'old');
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    await turn('And now?', 'old');
    const [call, nextCall] = getLastCalls(2);
    expect(call?.conversationHistory).toEqual([...first, ...second].map(toHistoryMessage));
    expect(nextCall?.sessionId).toBe(call?.sessionId);
    expect(nextCall).not.toHaveProperty('conversationHistory');
  });

  it('gets at most the newest 20 turns', async () => {
    await putItem(app, originalChat('old-and-long', numberedExchanges(30).flat()));
    await turn('Go on', 'old-and-long');
    const history = getHistoryPrompts(getLastCalls(1)[0]) ?? [];
    expect(history).toHaveLength(20);
    expect([history[0], history.at(-1)]).toEqual(['question 11', 'question 30']);
  });

  it('gets at most 100 kB of whole turns, without a gap', async () => {
    const sizes = [40_000, 10, 40_000, 10, 40_000];
    const exchanges = sizes.map((size, index) => exchange(`question ${index + 1}`, 'x'.repeat(size)));
    await putItem(app, originalChat('old-and-large', exchanges.flat()));
    await turn('Go on', 'old-and-large');
    expect(getHistoryPrompts(getLastCalls(1)[0])).toEqual(['question 2', 'question 3', 'question 4', 'question 5']);
  });
});

describe('the setting CHAT_HISTORY_LIMIT', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ CHAT_HISTORY_LIMIT: '2' });
  });
  afterAll(() => app.close());

  it('limits the response, not the history for a new session', async () => {
    const messages = numberedExchanges(3).flat();
    await putItem(app, originalChat('old', messages));
    const { body } = await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
    expect(app.agent.invocations[0]?.conversationHistory).toEqual(messages.map(toHistoryMessage));
    expect(body.chat.messages.map(({ content }: { content: string }) => content)).toEqual(['Go on', body.response]);
    expect((await app.read('old').expect(200)).body).toEqual({ chat: body.chat });
  });

  it('does not limit it if the turns of a whole page have failed since', async () => {
    const { chat } = (await app.chat({ prompt: 'My name is Grace' }).expect(200)).body;
    // More than the 40 messages of a page.
    const failures = Array.from({ length: 40 }, (_, index) => index + 2);
    await Promise.all(failures.map((number) => leaveTurn(app, chat.id, number, { status: 'failed' })));
    await setOnHead(app, chat.id, { turns: failures.at(-1) });
    await app.chat({ prompt: 'again [[fault hang-up]]', chat_id: chat.id }).expect(502);
    const { response } = (await app.chat({ prompt: RECALL, chat_id: chat.id }).expect(200)).body;
    expect(response).toContain('The first thing you said to me was “My name is Grace”.');
    expect(getHistoryPrompts(app.agent.invocations.at(-1))).toEqual(['My name is Grace']);
  });
});

describe('the history for a new session', () => {
  it('is read with one query if the newest page has enough replies, even if a turn failed', async () => {
    const app = await startChatApp({ CHAT_HISTORY_LIMIT: '60' });
    const faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
    const exchanges = numberedExchanges(50);
    await putItem(app, originalChat('old', exchanges.flat()));
    await app.chat({ prompt: 'Go on [[fault hang-up]]', chat_id: 'old' }).expect(502);
    const before = faults.calls.length;
    await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
    expect(app.agent.invocations.at(-1)?.conversationHistory).toEqual(
      exchanges.slice(-20).flat().map(toHistoryMessage),
    );
    const reads = faults.calls.slice(before).filter(({ command }) => command === 'QueryCommand');
    expect(reads).toHaveLength(1);
    faults.close();
    await app.close();
  });
});

describe('a turn that takes too long', () => {
  it('gets 504 at its deadline, and the call to the agent and its session end', async () => {
    const app = await startChatApp({ AGENT_TIMEOUT_MS: '1000' });
    const start = performance.now();
    const response = await app.chat({ prompt: 'slow [[fault delay ms=60000]]' }).expect(504);
    expect(performance.now() - start).toBeGreaterThan(950);
    expect(response.body).toEqual({
      error: 'The agent took too long',
      message: `Try again; request id ${response.headers['x-request-id']}`,
    });
    while (app.agent.invocations[1]?.outcome !== 'replied') await new Promise(setImmediate);
    const { sessionId } = app.agent.invocations[0]!;
    expect(app.agent.invocations).toMatchObject([
      { outcome: 'left', endSession: false },
      { sessionId, endSession: true },
    ]);
    await app.close();
  });
});

describe('the setting AGENT_SESSION_CLAIMS', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp({ AGENT_SESSION_CLAIMS: 'custom:tenant,custom:plan' });
  });
  afterAll(() => app.close());

  /** Sends a turn with a token that has these claims too. @returns the chat, and what the agent got. */
  async function turn(claims: Record<string, string>, chatId?: string, service = app) {
    const id_token = mintToken({ secret: SECRET, sub: 'alice', claims });
    const { body } = await service.chat({ prompt: 'hello', chat_id: chatId }, 'alice', { id_token }).expect(200);
    const invocation = service.agent.invocations.at(-1)!;
    return {
      chatId: (body as { chat: { id: string } }).chat.id,
      sessionId: invocation.sessionId,
      known: invocation.knownAttributes,
      turns: (invocation.conversationHistory ?? []).length / 2,
    };
  }

  it('gives the agent the claims of the token with each turn', async () => {
    const one = await turn({ 'custom:tenant': RED, 'custom:plan': 'free', 'custom:other': 'secret' });
    const two = await turn({ 'custom:tenant': 'blue', 'custom:plan': 'free' }, one.chatId);
    expect(one.known).toEqual({ 'custom:tenant': RED, 'custom:plan': 'free' });
    expect(two).toMatchObject({ sessionId: one.sessionId, known: { 'custom:tenant': 'blue', 'custom:plan': 'free' } });
  });

  it('continues the session if the token gets another claim', async () => {
    const one = await turn({ 'custom:tenant': RED });
    const two = await turn({ 'custom:tenant': RED, 'custom:plan': 'free' }, one.chatId);
    expect(two).toMatchObject({ sessionId: one.sessionId, known: { 'custom:tenant': RED, 'custom:plan': 'free' } });
  });

  it.each([
    ['a claim', { 'custom:tenant': RED }],
    ['every claim', {}],
  ])('leaves the agent no attribute of a token that has lost %s: a new session gets the history', async (_, claims) => {
    const one = await turn({ 'custom:tenant': RED, 'custom:plan': 'free' });
    const two = await turn(claims, one.chatId);
    expect(two.sessionId).not.toBe(one.sessionId);
    expect(two).toMatchObject({ known: claims, turns: 1 });
    const three = await turn(claims, one.chatId);
    expect(three).toMatchObject({ sessionId: two.sessionId, known: claims, turns: 0 });
  });

  it('leaves the agent no attribute that the setting no longer names', async () => {
    const one = await turn({ 'custom:tenant': RED, 'custom:plan': 'free' });
    const changed = await startChatApp({
      AGENT_SESSION_CLAIMS: 'custom:plan',
      AWS_ENDPOINT_URL_DYNAMODB: app.dynamoDb.endpoint,
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: app.agent.endpoint,
    });
    const id_token = mintToken({
      secret: SECRET,
      sub: 'alice',
      claims: { 'custom:tenant': RED, 'custom:plan': 'free' },
    });
    await changed.chat({ prompt: 'hello', chat_id: one.chatId }, 'alice', { id_token }).expect(200);
    expect(app.agent.invocations.at(-1)?.knownAttributes).toEqual({ 'custom:plan': 'free' });
    await changed.close();
  });
});

/** The two messages of a turn, as the original system stored them. */
function exchange(prompt: string, reply: string) {
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: reply },
  ];
}

function numberedExchanges(count: number) {
  return Array.from({ length: count }, (_, index) => exchange(`question ${index + 1}`, `reply ${index + 1}`));
}

/** The prompts of the conversation history that a call sent. */
function getHistoryPrompts(call: EmulatedInvocation | undefined) {
  return call?.conversationHistory?.filter(({ role }) => role === 'user').map(({ text }) => text);
}

/** A message as the agent gets it. */
function toHistoryMessage({ role, content }: { role: string; content: string }) {
  return { role, text: content };
}
