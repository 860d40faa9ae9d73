import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeUnused } from '../support/live-turn-client.js';
import { AI_CHATS, textOf, toUiMessages, type UiChat } from '../support/ai-chat.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import type { ShownMessage } from '../support/chat-client.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { tokenOf } from '../support/tokens.js';

const token = tokenOf('alice');

/** A running turn, as its test sees it. */
interface RunningReply {
  readonly chat: UiChat;
  readonly chatId: string;
  /** Resolves when the reply has ended. */
  readonly ended: Promise<void>;
}

const lastOf = ({ messages }: UiChat) => messages.at(-1);

/** Two servers on one table. The agent of `stepped` sends its replies when the test says so. */
describe.each(AI_CHATS)('a page with the AI SDK %s', (version, open) => {
  let app: ChatApp;
  let agent: SteppedAgent;
  let stepped: ChatApp;
  let other: ChatApp;
  beforeAll(async () => {
    agent = await startSteppedAgent();
    app = await startChatApp();
    stepped = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint });
    other = await startChatApp({ AWS_ENDPOINT_URL_DYNAMODB: stepped.dynamoDb.endpoint });
  });
  afterAll(async () => {
    agent.close();
    for (const { nest } of [app, stepped, other]) closeUnused(nest);
    await Promise.all([app.close(), stepped.close(), other.close()]);
  });

  const stored = async ({ url }: ChatApp, chatId: string) => {
    const response = await fetch(`${url}/chats/${chatId}`, { headers: { id_token: token } });
    const { chat } = (await response.json()) as { chat: { running?: true; messages: ShownMessage[] } };
    return chat;
  };

  /** What a page that is loaded now has of a chat. */
  async function load(from: ChatApp, id: string): Promise<UiChat> {
    const { messages } = await stored(from, id);
    return open(from.url, token, { loaded: { id, messages: toUiMessages(id, messages) } });
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await wait(5);
  }

  async function beginReply(words: string): Promise<RunningReply> {
    const chat = open(stepped.url, token);
    const ended = chat.sendMessage({ text: 'Count for me' });
    await agent.say(words);
    await until(() => textOf(lastOf(chat)) === words);
    return { chat, chatId: chat.id, ended };
  }

  describe('stops the agent, and sends at once', () => {
    /** Stops while the agent is silent, and sends the next prompt. @returns the messages of the chat. */
    async function stopAndSend(chat: UiChat, stopped: Promise<void>) {
      const [call] = app.agent.invocations.slice(-1);
      const begun = performance.now();
      await chat.stopAgent();
      await stopped;
      expect([chat.status, chat.error]).toEqual(['ready', undefined]);
      await chat.sendMessage({ text: 'What did I say?' });
      process.stderr.write(
        `AI SDK ${version}: the next reply had ended ${Math.round(performance.now() - begun)} ms later\n`,
      );
      expect([chat.status, chat.error]).toEqual(['ready', undefined]);
      expect(call?.outcome).toBe('left');
      return (await stored(app, chat.id)).messages;
    }

    it('before the first word', async () => {
      const chat = open(app.url, token);
      await chat.sendMessage({ text: 'Hello' });
      const calls = app.agent.invocations.length;
      const stopped = chat.sendMessage({ text: 'Tell me [[fault delay ms=600000]]' });
      await until(() => app.agent.invocations.length > calls);
      const messages = await stopAndSend(chat, stopped);
      expect(messages.map(({ role, status }) => [role, status])).toEqual([
        ['user', undefined],
        ['assistant', undefined],
        ['user', 'stopped'],
        ['user', undefined],
        ['assistant', undefined],
      ]);
    });

    it('after the first word', async () => {
      const chat = open(app.url, token);
      const stopped = chat.sendMessage({ text: 'Tell me [[fault silence after=2]]' });
      await until(() => lastOf(chat)?.role === 'assistant' && textOf(lastOf(chat)) !== '');
      const shown = textOf(lastOf(chat));
      const messages = await stopAndSend(chat, stopped);
      expect(messages.map(({ role, status }) => [role, status])).toEqual([
        ['user', undefined],
        ['assistant', 'stopped'],
        ['user', undefined],
        ['assistant', undefined],
      ]);
      expect(messages[1]?.content?.startsWith(shown ?? '-')).toBe(true);
      const ids = (all: readonly { id: string; role: string }[]) =>
        all.flatMap(({ id, role }) => (role === 'assistant' ? id : []));
      expect(ids(chat.messages)).toEqual(ids(messages));
      expect(chat.messages).toHaveLength(4);
    });
  });

  it('reads on after a stop that another tab has sent, and gets no error', async () => {
    const { chat, chatId, ended } = await beginReply('one ');
    const headers = { id_token: token };
    expect((await fetch(`${stepped.url}/chats/${chatId}/stop`, { method: 'POST', headers })).status).toBe(202);
    await ended;
    agent.end();
    expect([chat.status, chat.error, textOf(lastOf(chat))]).toEqual(['ready', undefined, 'one ']);
  });

  it.each([
    ['in the process that runs the turn', () => stepped],
    ['in another process', () => other],
  ])('reads a running reply again after a reload: %s', async (_place, findApp) => {
    const { chat, chatId, ended } = await beginReply('one ');
    const reloaded = await load(findApp(), chatId);
    const tab = await load(stepped, chatId);
    expect(reloaded.messages).toHaveLength(1);
    const read = Promise.all([reloaded.resumeStream(), tab.resumeStream()]);
    await until(() => textOf(lastOf(tab)) === 'one ');
    await agent.say('two ');
    await agent.say('three');
    agent.end();
    await Promise.all([ended, read]);
    const { messages } = await stored(stepped, chatId);
    for (const { status, error, messages: shown } of [chat, reloaded, tab]) {
      expect([status, error]).toEqual(['ready', undefined]);
      expect(shown).toHaveLength(2);
      expect([shown[1]?.id, textOf(shown[1])]).toEqual([messages[1]?.id, 'one two three']);
    }
  });

  it.each([
    ['in the process that ran the turn', () => stepped],
    ['in another process', () => other],
  ])('stays as it is after a reload if no turn runs: %s', async (_place, findApp) => {
    const { chatId, ended } = await beginReply('one');
    agent.end();
    await ended;
    const reloaded = await load(findApp(), chatId);
    const before = structuredClone(reloaded.messages);
    await reloaded.resumeStream();
    expect([reloaded.status, reloaded.error, reloaded.messages]).toEqual(['ready', undefined, before]);
  });
});
