import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { PROVIDERS } from '../support/agent-providers.js';
import { type ChatApp, startChatAppWith } from '../support/chat-app.js';
import { readHead, setAttribute } from '../support/chat-items.js';

const RECALL = 'What did I say first?';
const RECALLED = 'The first thing you said to me was “My name is Ada”.';

describe.each(PROVIDERS)('a chat with $name', (provider) => {
  let clockAhead: number;
  let agent: AgentEmulator;
  let app: ChatApp<AgentEmulator>;

  const start = (chosen: Readonly<Record<string, string>>, variables: Record<string, string> = {}) =>
    startChatAppWith({ variables: chosen, endpointVariable: provider.endpointVariable, emulator: agent }, variables);

  beforeEach(async () => {
    clockAhead = 0;
    agent = await provider.startEmulator({ now: () => Date.now() + clockAhead });
    app = await start(provider.variables);
  });
  afterEach(() => app.close());

  const turn = async (prompt: string, chatId?: string, { service = app, user = 'alice' } = {}) =>
    (await service.chat({ prompt, chat_id: chatId }, user).expect(200)).body as {
      response: string;
      chat: { id: string };
    };
  const getSessions = () => agent.invocations.map(({ sessionId }) => sessionId);
  const getPrompts = (index: number) =>
    agent.invocations.at(index)?.conversationHistory?.flatMap(({ role, text }) => (role === 'user' ? [text] : []));

  /** Advances the agent's clock, and the age of the chat's session. */
  async function passTime(chatId: string, seconds: number): Promise<void> {
    clockAhead += seconds * 1000;
    const session = (await readHead(app, chatId))?.['session'] as Record<string, string>;
    for (const name of ['at', 'since']) {
      const time = new Date(Date.parse(session[name] ?? '') - seconds * 1000).toISOString();
      await setAttribute(app, { id: chatId, user_id: 'alice' }, `session.${name}`, time);
    }
  }

  it('is recalled from turn to turn', async () => {
    const { chat } = await turn('My name is Ada');
    await turn('I like trams', chat.id);
    expect((await turn(RECALL, chat.id)).response).toContain(RECALLED);
    if (provider.memory !== undefined) {
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
    if (provider.memory !== undefined) expect(getPrompts(3)).toBeUndefined();
  });

  if (provider.memory !== undefined) {
    const { idleSeconds, maxSeconds } = provider.memory;

    it('of one user has another session than the chat of another user', async () => {
      await turn('My name is Ada');
      await turn('My name is Bob', undefined, { user: 'bob' });
      expect(new Set(getSessions()).size).toBe(2);
    });

    it('goes on in a new session after the idle time, which gets the history once', async () => {
      const { chat } = await turn('My name is Ada');
      await passTime(chat.id, idleSeconds);
      const { response } = await turn(RECALL, chat.id);
      expect(response).toContain(RECALLED);
      expect(response).toContain('This is turn 2;');
      expect((await turn('And now?', chat.id)).response).toContain('This is turn 3;');
      const [first, second, third] = getSessions();
      expect([second === first, third === second]).toEqual([false, true]);
      expect([0, 1, 2].map(getPrompts)).toEqual([undefined, ['My name is Ada'], undefined]);
    });

    it('goes on in a new session at the greatest age, if the agent has one', async () => {
      const { chat } = await turn('My name is Ada');
      const step = idleSeconds - 60;
      const steps = Math.ceil((maxSeconds ?? 5_000) / step);
      for (let count = 1; count < steps; count += 1) {
        await passTime(chat.id, step);
        expect((await turn('And now?', chat.id)).response).toContain(`This is turn ${count + 1};`);
      }
      expect(new Set(getSessions()).size).toBe(1);
      await passTime(chat.id, step);
      await turn('And now?', chat.id);
      expect(new Set(getSessions()).size).toBe(maxSeconds === undefined ? 1 : 2);
      expect(getPrompts(-1)?.length).toBe(maxSeconds === undefined ? undefined : Math.min(steps, 20));
    });
  }

  it.each(provider.others)(
    'goes on in a new session with another agent, or another version of it: %j',
    async (other) => {
      const { chat } = await turn('My name is Ada');
      const changed = await start(other, { AWS_ENDPOINT_URL_DYNAMODB: app.dynamoDb.endpoint });
      expect((await turn(RECALL, chat.id, { service: changed })).response).toContain(RECALLED);
      expect(getPrompts(1)).toEqual(['My name is Ada']);
      if (provider.memory !== undefined) expect(new Set(getSessions()).size).toBe(2);
      await changed.close();
    },
  );
});
