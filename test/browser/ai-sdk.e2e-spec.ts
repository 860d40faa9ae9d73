import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AI_SDKS, type UiTurn } from '../support/ai-sdk.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { DIRECTED_FAULTS, isLate, LATE_DEADLINE } from '../support/fault-matrix.js';
import type { FaultCase } from '../support/fault-rows.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

const AFTER_TEXT = DIRECTED_FAULTS.filter(({ stored }) => stored === 'partial');
const BEFORE_TEXT = DIRECTED_FAULTS.filter(({ stored }) => stored === 'failed');
const token = tokenOf('alice');

let shared: ChatApp;
let late: ChatApp;
/** Its deadline comes after 10 s, when a stream opens without a text of the agent. */
let silent: ChatApp;
let faults: StorageFaults;
/** Turns that end at their deadline, by the version of the SDK and the prompt. They run beside the tests. */
const lateTurns = new Map<string, Promise<UiTurn>>();
beforeAll(async () => {
  shared = await startChatApp();
  late = await startChatApp({ AGENT_TIMEOUT_MS: LATE_DEADLINE });
  silent = await startChatApp({ AGENT_TIMEOUT_MS: '10500' });
  faults = await startStorageFaults(shared.nest.get(DynamoDBDocumentClient));
  for (const [version, ask] of AI_SDKS) {
    const begin = (key: string, app: ChatApp, prompt: string) => {
      const turn = ask(app.url, token, prompt);
      turn.catch(() => undefined);
      lateTurns.set(`${version} ${key}`, turn);
    };
    begin('silent', silent, 'Hello [[fault silence after=0]]');
    for (const { directive } of DIRECTED_FAULTS.filter(isLate)) begin(directive, late, `Hello ${directive}`);
  }
});
afterAll(async () => {
  faults.close();
  await Promise.all([shared.close(), late.close(), silent.close()]);
});

describe.each(AI_SDKS)('the AI SDK %s', (version, ask) => {
  const turnWith = ({ directive }: FaultCase) =>
    lateTurns.get(`${version} ${directive}`) ?? ask(shared.url, token, `Hello ${directive}`);

  const stored = async (app: ChatApp, id: string) => (await app.read(id).expect(200)).body.chat;

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

  it('gets the chat and an error if the agent sends nothing before the stream opens', async () => {
    const { message, errors } = (await lateTurns.get(`${version} silent`))!;
    expect(errors).toEqual(['The agent took too long']);
    expect(message!.parts).toEqual([]);
    expect((await stored(silent, message!.metadata!.chat.id)).messages).toMatchObject([{ status: 'failed' }]);
  });
});
