import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AI_CHATS, textOf, toUiMessages, type UiChat } from '../support/ai-chat.js';
import { AI_SDKS, type UiTurn } from '../support/ai-sdk.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { DIRECTED_FAULTS, isLate, isWaiting, LATE_DEADLINE } from '../support/fault-matrix.js';
import type { FaultCase } from '../support/fault-rows.js';
import { closeUnused } from '../support/live-turn-client.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

/** One fault of each error, after the first text or before it. The tests of the API have all others. */
const oneOfEachError = (outcome: FaultCase['stored']) => {
  const rows = DIRECTED_FAULTS.filter((row) => row.stored === outcome && (isLate(row) || !isWaiting(row)));
  return rows.filter((row, index) => rows.findIndex(({ error }) => error === row.error) === index);
};
const AFTER_TEXT = oneOfEachError('partial');
const BEFORE_TEXT = oneOfEachError('failed');
const token = tokenOf('alice');

/** A running turn, as its test sees it. */
interface RunningReply {
  readonly chat: UiChat;
  readonly chatId: string;
  /** Resolves when the reply has ended. */
  readonly ended: Promise<void>;
}

const stored = async (app: ChatApp, id: string) => (await app.read(id).expect(200)).body.chat;

const lastOf = ({ messages }: UiChat) => messages.at(-1);

let shared: ChatApp;
let late: ChatApp;
/** Its deadline comes after 10 s, when a stream opens without a text of the agent. */
let silent: ChatApp;
/** Two servers on one table. The agent sends its replies when the test says so. */
let stepped: ChatApp;
let other: ChatApp;
let agent: SteppedAgent;
let faults: StorageFaults;
/** Turns that end at their deadline, by the version of the SDK and the prompt. They run beside the tests. */
const lateTurns = new Map<string, Promise<UiTurn>>();
beforeAll(async () => {
  shared = await startChatApp();
  late = await startChatApp({ AGENT_TIMEOUT_MS: LATE_DEADLINE });
  silent = await startChatApp({ AGENT_TIMEOUT_MS: '10500' });
  agent = await startSteppedAgent();
  stepped = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint });
  other = await startChatApp({ AWS_ENDPOINT_URL_DYNAMODB: stepped.dynamoDb.endpoint });
  faults = await startStorageFaults(shared.nest.get(DynamoDBDocumentClient));
  for (const [version, ask] of AI_SDKS) {
    const begin = (key: string, app: ChatApp, prompt: string) => {
      const turn = ask(app.url, token, prompt);
      turn.catch(() => undefined);
      lateTurns.set(`${version} ${key}`, turn);
    };
    begin('silent', silent, 'Hello [[fault silence after=0]]');
    for (const { directive } of [...AFTER_TEXT, ...BEFORE_TEXT].filter(isLate))
      begin(directive, late, `Hello ${directive}`);
  }
});
afterAll(async () => {
  faults.close();
  agent.close();
  const apps = [shared, late, silent, stepped, other];
  for (const { nest } of apps) closeUnused(nest);
  await Promise.all(apps.map((app) => app.close()));
});

describe.each(AI_CHATS)('a page with the AI SDK %s', (version, open) => {
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
      const [call] = shared.agent.invocations.slice(-1);
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
      return (await stored(shared, chat.id)).messages;
    }

    it('before the first word', async () => {
      const chat = open(shared.url, token);
      await chat.sendMessage({ text: 'Hello' });
      const calls = shared.agent.invocations.length;
      const stopped = chat.sendMessage({ text: 'Tell me [[fault delay ms=600000]]' });
      await until(() => shared.agent.invocations.length > calls);
      const messages = await stopAndSend(chat, stopped);
      expect(messages.map(({ role, status }: Record<string, string>) => [role, status])).toEqual([
        ['user', undefined],
        ['assistant', undefined],
        ['user', 'stopped'],
        ['user', undefined],
        ['assistant', undefined],
      ]);
    });

    it('after the first word', async () => {
      const chat = open(shared.url, token);
      const stopped = chat.sendMessage({ text: 'Tell me [[fault silence after=2]]' });
      await until(() => lastOf(chat)?.role === 'assistant' && textOf(lastOf(chat)) !== '');
      const shown = textOf(lastOf(chat));
      const messages = await stopAndSend(chat, stopped);
      expect(messages.map(({ role, status }: Record<string, string>) => [role, status])).toEqual([
        ['user', undefined],
        ['assistant', 'stopped'],
        ['user', undefined],
        ['assistant', undefined],
      ]);
      expect(messages[1]?.['content']?.startsWith(shown ?? '-')).toBe(true);
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
    await until(() => textOf(lastOf(tab)) === 'one ' && reloaded.messages.length === 2);
    await agent.say('two ');
    await agent.say('three');
    agent.end();
    await Promise.all([ended, read]);
    const { messages } = await stored(stepped, chatId);
    for (const { status, error, messages: shown } of [chat, reloaded, tab]) {
      expect([status, error]).toEqual(['ready', undefined]);
      expect(shown).toHaveLength(2);
      expect([shown[1]?.id, textOf(shown[1])]).toEqual([messages[1]?.['id'], 'one two three']);
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

describe.each(AI_SDKS)('the AI SDK %s', (version, ask) => {
  const turnWith = ({ directive }: FaultCase) =>
    lateTurns.get(`${version} ${directive}`) ?? ask(shared.url, token, `Hello ${directive}`);

  it('reads the text, the chat and the citations, and continues the chat', async () => {
    const first = await ask(shared.url, token, 'Plan a weekend in Lisbon');
    expect(first.errors).toEqual([]);
    const chat = await stored(shared, first.message!.metadata!.chat.id);
    const { messages, ...summary } = chat;
    expect(first.message!.metadata).toEqual({ chat: summary, user_message_id: messages[0].id });
    expect(first.message!.id).toBe(messages[1].id);
    const [text, source, ...others] = first.message!.parts;
    expect(text).toMatchObject({ type: 'text', text: messages[1].content, state: 'done' });
    const { title, ...citation } = messages[1].citations[0];
    expect(source).toMatchObject({ type: 'source-url', url: citation.uri, title, providerMetadata: { citation } });
    expect(others).toEqual([]);
    expect(first.states).toBeGreaterThan(5);

    const second = await ask(shared.url, token, 'What did I ask you first?', chat.id);
    expect(second.message!.metadata!.chat.id).toBe(chat.id);
    expect(second.message!.parts[0]!.text).toContain('Plan a weekend in Lisbon');
    expect(second.message!.id).not.toBe(first.message!.id);
    expect((await stored(shared, chat.id)).messages).toHaveLength(4);
  });

  it('reads a source as a document if it is no web page', async () => {
    const { message, errors } = await ask(shared.url, token, 'How do sessions work?');
    expect(errors).toEqual([]);
    const { messages } = await stored(shared, message!.metadata!.chat.id);
    const types = message!.parts.map(({ type }) => type);
    expect(types).toEqual(['text', 'source-document']);
    expect(messages[1].citations[0].uri).toMatch(/^s3:/);
  });

  it.each(AFTER_TEXT)('gets the text and an error: $fault', async (row) => {
    const { message, errors } = await turnWith(row);
    expect(errors).toEqual([row.error]);
    const { messages } = await stored(isLate(row) ? late : shared, message!.metadata!.chat.id);
    expect(message!.parts[0]).toMatchObject({ type: 'text', text: messages[1].content });
    expect(messages[1].status).toBe('partial');
  });

  it.each(BEFORE_TEXT)('is refused before the first byte: $fault, $place', async (row) => {
    await expect(turnWith(row)).rejects.toThrow(row.error);
  });

  it('gets the text and an error if the reply cannot be stored', async () => {
    faults.inject({ type: 'refused' }, { steps: ['complete'] });
    const { message, errors } = await ask(shared.url, token, 'Hello');
    faults.clear();
    expect(errors).toEqual(['Storage is unavailable']);
    expect(message!.parts[0]!.text).toMatch(/Hello/);
    const { messages } = await stored(shared, message!.metadata!.chat.id);
    expect(messages).toMatchObject([{ role: 'user', content: 'Hello', status: 'failed' }]);
  });

  it('gets the reason of a refusal', async () => {
    await expect(ask(shared.url, '', 'Hello')).rejects.toThrow('Invalid id_token: token is missing');
    const deleted = (await ask(shared.url, token, 'Hello')).message!.metadata!.chat.id;
    await shared.remove(deleted).expect(204);
    await expect(ask(shared.url, token, 'Hello', deleted)).rejects.toThrow('Chat not found');
    await expect(ask(shared.url, token, ' ')).rejects.toThrow(`Field 'prompt' is required`);
  });
});

it.each(AI_SDKS)('the AI SDK %s gets the chat and an error if the agent sends nothing for long', async (version) => {
  const { message, errors } = (await lateTurns.get(`${version} silent`))!;
  expect(errors).toEqual(['The agent took too long']);
  expect(message!.parts).toEqual([]);
  expect((await stored(silent, message!.metadata!.chat.id)).messages).toMatchObject([{ status: 'failed' }]);
});
