import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedInvocation } from '../../src/local/emulator/emulated-invocation.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { headOf, originalChat, putItem, setAttribute } from '../support/chat-items.js';
import { startStorageFaults } from '../support/storage-faults.js';

const TTL_SECONDS = 120;
const RECALL = 'What did I say first?';

describe('the session of the agent', () => {
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
  const told = (call: EmulatedInvocation | undefined) =>
    call?.conversationHistory?.filter(({ role }) => role === 'user').map(({ text }) => text);
  const last = (count: number) => app.agent.invocations.slice(-count);

  /** Lets time pass for the agent and for this chat, by hand. */
  async function pass(chatId: string, milliseconds: number): Promise<void> {
    clockAhead += milliseconds;
    const session = (await headOf(app, chatId))?.['session'] as { at: string };
    const at = new Date(Date.parse(session.at) - milliseconds).toISOString();
    await setAttribute(app, { id: chatId, user_id: 'alice' }, 'session.at', at);
  }

  it('is told what was answered, however many turns have failed since', async () => {
    const { chat } = await turn('My name is Grace');
    for (let failures = 0; failures < 101; failures += 1)
      await app.chat({ prompt: `again [[fault hang-up]] ${failures}`, chat_id: chat.id }).expect(502);
    const { response } = await turn(RECALL, chat.id);
    expect(response).toContain('The first thing you said to me was “My name is Grace”.');
    expect(told(last(1)[0])).toEqual(['My name is Grace']);
  });

  it('is one while it lives, and is told nothing that it knows', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    const { response } = await turn(RECALL, chat.id);
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    expect(new Set(last(3).map(({ sessionId }) => sessionId)).size).toBe(1);
    for (const call of last(3)) expect(call).not.toHaveProperty('conversationHistory');
  });

  it('that forgot is followed by a new one that recalls the first prompt, with nothing told twice', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    await pass(chat.id, TTL_SECONDS * 1000);
    const { response } = await turn(RECALL, chat.id);
    // The emulated agent counts what it was told: nothing is there twice.
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    expect(response).toContain('This is turn 3');
    expect((await turn('And now?', chat.id)).response).toContain('This is turn 4; you began with “My name is Ada”.');
    const [one, two, three, four] = last(4);
    expect(two?.sessionId).toBe(one?.sessionId);
    expect(three?.sessionId).not.toBe(one?.sessionId);
    expect(four?.sessionId).toBe(three?.sessionId);
    expect(told(three)).toEqual(['My name is Ada', 'I like trams']);
    for (const call of [one, two, four]) expect(call).not.toHaveProperty('conversationHistory');
  });

  it('goes on as long as no turn comes too late', async () => {
    const { chat } = await turn('My name is Ada');
    for (let round = 1; round <= 3; round += 1) {
      await pass(chat.id, (TTL_SECONDS / 2) * 1000);
      await turn(`round ${round}`, chat.id);
    }
    expect(new Set(last(4).map(({ sessionId }) => sessionId)).size).toBe(1);
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
  ])('after a turn that %s is a new one that recalls the first prompt', async (_, fault, status, history) => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    await app.chat({ prompt: `I hate queues ${fault}`, chat_id: chat.id }).expect(status);
    const { response } = await turn(RECALL, chat.id);
    expect(response).toContain('The first thing you said to me was “My name is Ada”.');
    expect(response).toContain(`This is turn ${history.length + 1}`);
    await turn('And now?', chat.id);
    const [before, failed, recalling, after] = last(4);
    expect(failed?.sessionId).toBe(before?.sessionId);
    expect(recalling?.sessionId).not.toBe(before?.sessionId);
    expect(after?.sessionId).toBe(recalling?.sessionId);
    expect(told(recalling)).toEqual(history);
    expect(after).not.toHaveProperty('conversationHistory');
  });

  it('of a first turn that failed is followed by a new one without a history', async () => {
    const key = { 'idempotency-key': 'first turn' };
    app.agent.enqueue({ type: 'hang-up' });
    await app.chat({ prompt: 'hello' }, 'alice', key).expect(502);
    await app.chat({ prompt: 'hello' }, 'alice', key).expect(200);
    const [one, two] = last(2);
    expect(two?.sessionId).not.toBe(one?.sessionId);
    expect(two).not.toHaveProperty('conversationHistory');
  });

  it('of a chat of the original system is told the history inside its item, once', async () => {
    const messages = [
      { role: 'user', content: 'My name is Ada' },
      { role: 'assistant', content: 'Hello Ada' },
      { role: 'user', content: 'Nobody answered this' },
      { role: 'user', content: 'I like trams' },
      { role: 'assistant', content: 'So do I' },
    ];
    await putItem(app, originalChat('old', messages));
    const { response } = await turn(RECALL, 'old');
    expect(response).toContain('The first thing you said to me was “My name is Ada”. After that came “I like trams”.');
    await turn('And now?', 'old');
    const [first, second] = last(2);
    expect(first?.conversationHistory).toEqual([messages[0], messages[1], messages[3], messages[4]].map(asTold));
    expect(second?.sessionId).toBe(first?.sessionId);
    expect(second).not.toHaveProperty('conversationHistory');
  });

  it('is told the newest 20 turns at most', async () => {
    const old = Array.from({ length: 30 }, (_, index) => [
      { role: 'user', content: `question ${index + 1}` },
      { role: 'assistant', content: `answer ${index + 1}` },
    ]);
    await putItem(app, originalChat('old-and-long', old.flat()));
    await turn('Go on', 'old-and-long');
    const history = told(last(1)[0]) ?? [];
    expect(history).toHaveLength(20);
    expect([history[0], history.at(-1)]).toEqual(['question 11', 'question 30']);
  });

  it('is told 100 kB at most, whole turns without a gap', async () => {
    const old = [40_000, 10, 40_000, 10, 40_000].map((length, index) => [
      { role: 'user', content: `question ${index + 1}` },
      { role: 'assistant', content: 'x'.repeat(length) },
    ]);
    await putItem(app, originalChat('old-and-large', old.flat()));
    await turn('Go on', 'old-and-large');
    expect(told(last(1)[0])).toEqual(['question 2', 'question 3', 'question 4', 'question 5']);
  });
});

describe('the setting CHAT_HISTORY_LIMIT', () => {
  it('bounds what callers are shown, not what a new session is told', async () => {
    const app = await startChatApp({ CHAT_HISTORY_LIMIT: '2' });
    const messages = ['one', 'two', 'three'].flatMap((name) => [
      { role: 'user', content: `question ${name}` },
      { role: 'assistant', content: `answer ${name}` },
    ]);
    await putItem(app, originalChat('old', messages));
    const { body } = await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
    expect(app.agent.invocations[0]?.conversationHistory).toEqual(messages.map(asTold));
    expect(body.chat.messages.map(({ content }: { content: string }) => content)).toEqual(['Go on', body.response]);
    expect((await app.read('old').expect(200)).body).toEqual({ chat: body.chat });
    await app.close();
  });
});

describe('a history of which the newest page has enough answers', () => {
  it('is read once for a new session, whatever failed in between', async () => {
    const app = await startChatApp({ CHAT_HISTORY_LIMIT: '60' });
    const faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
    const messages = Array.from({ length: 50 }, (_, index) => [
      { role: 'user', content: `question ${index + 1}` },
      { role: 'assistant', content: `answer ${index + 1}` },
    ]);
    await putItem(app, originalChat('old', messages.flat()));
    await app.chat({ prompt: 'Go on [[fault hang-up]]', chat_id: 'old' }).expect(502);
    const before = faults.calls.length;
    await app.chat({ prompt: 'Go on', chat_id: 'old' }).expect(200);
    expect(app.agent.invocations.at(-1)?.conversationHistory).toEqual(messages.slice(-20).flat().map(asTold));
    const reads = faults.calls.slice(before).filter(({ command }) => command === 'QueryCommand');
    expect(reads).toHaveLength(1);
    faults.close();
    await app.close();
  });
});

describe('a turn that takes too long', () => {
  it('is 504 at our deadline, kept as failed, and the agent is left', async () => {
    const app = await startChatApp({ AGENT_TIMEOUT_MS: '1000' });
    const start = performance.now();
    const answer = await app.chat({ prompt: 'slow [[fault delay ms=60000]]' }).expect(504);
    expect(performance.now() - start).toBeGreaterThan(950);
    expect(answer.body).toEqual({
      error: 'The agent took too long',
      message: `Try again; request id ${answer.headers['x-request-id']}`,
    });
    while (app.agent.invocations[0]?.outcome === 'running') await new Promise(setImmediate);
    expect(app.agent.invocations.map(({ outcome }) => outcome)).toEqual(['left']);
    await app.close();
  });
});

function asTold(message: { role: string; content: string } | undefined) {
  return { role: message?.role, text: message?.content };
}
