import { randomUUID } from 'node:crypto';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AI_SDKS, type UiTurn } from '../support/ai-sdk.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { DIRECTED_FAULTS } from '../support/fault-matrix.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

const AFTER_TEXT = DIRECTED_FAULTS.filter(({ stored }) => stored === 'partial');
const BEFORE_TEXT = DIRECTED_FAULTS.filter(({ stored }) => stored === 'failed');

describe.each(AI_SDKS)('the AI SDK %s', (_, ask) => {
  let patient: ChatApp;
  let hasty: ChatApp;
  let calm: ChatApp;
  let faults: StorageFaults;
  // It takes 10 s, beside the other tests.
  let afterSilence: Promise<UiTurn>;
  const token = tokenOf('alice');
  beforeAll(async () => {
    patient = await startChatApp();
    hasty = await startChatApp({ AGENT_TIMEOUT_MS: '1500' });
    calm = await startChatApp({ AGENT_TIMEOUT_MS: '10500' });
    faults = await startStorageFaults(patient.nest.get(DynamoDBDocumentClient));
    afterSilence = ask(calm.url, token, 'Hello [[fault silence after=0]]');
    afterSilence.catch(() => undefined);
  });
  afterAll(async () => {
    faults.close();
    await Promise.all([patient.close(), hasty.close(), calm.close()]);
  });

  const stored = async (app: ChatApp, id: string) => (await app.read(id).expect(200)).body.chat;

  it('has the text, the chat and the citations, and goes on with the chat', async () => {
    const first = await ask(patient.url, token, 'Plan a weekend in Lisbon');
    expect(first.errors).toEqual([]);
    const chat = await stored(patient, first.message!.metadata!.chat.id);
    const { messages, ...summary } = chat;
    expect(first.message!.metadata).toEqual({ chat: summary });
    const [text, source, ...others] = first.message!.parts;
    expect(text).toMatchObject({ type: 'text', text: messages[1].content, state: 'done' });
    const { title, ...citation } = messages[1].citations[0];
    expect(source).toMatchObject({ type: 'source-url', url: citation.uri, title, providerMetadata: { citation } });
    expect(others).toEqual([]);
    expect(first.states).toBeGreaterThan(5);

    const second = await ask(patient.url, token, 'What did I ask you first?', chat.id);
    expect(second.message!.metadata!.chat.id).toBe(chat.id);
    expect(second.message!.parts[0]!.text).toContain('Plan a weekend in Lisbon');
    expect(second.message!.id).not.toBe(first.message!.id);
    expect((await stored(patient, chat.id)).messages).toHaveLength(4);
  });

  it('has the stored answer where a message that was answered is sent again', async () => {
    const calls = patient.agent.invocations.length;
    const id = randomUUID();
    const first = await ask(patient.url, token, 'Hello', undefined, id);
    const again = await ask(patient.url, token, 'Hello', undefined, id);
    expect(again.message).toEqual(first.message);
    expect(patient.agent.invocations).toHaveLength(calls + 1);
  });

  it('reads a source that is no page as a document', async () => {
    const { message, errors } = await ask(patient.url, token, 'How do sessions work?');
    expect(errors).toEqual([]);
    const { messages } = await stored(patient, message!.metadata!.chat.id);
    const types = message!.parts.map(({ type }) => type);
    expect(types).toEqual(['text', 'source-document']);
    expect(messages[1].citations[0].uri).toMatch(/^s3:/);
  });

  it.each(AFTER_TEXT)('has the text and an error: $fault', async ({ directive, status, error }) => {
    const app = status === 504 ? hasty : patient;
    const { message, errors } = await ask(app.url, token, `Hello ${directive}`);
    expect(errors).toEqual([error]);
    const { messages } = await stored(app, message!.metadata!.chat.id);
    expect(message!.parts[0]).toMatchObject({ type: 'text', text: messages[1].content });
    expect(messages[1].status).toBe('partial');
  });

  it.each(BEFORE_TEXT)('is refused before the first byte: $fault, $place', async ({ directive, status, error }) => {
    const app = status === 504 ? hasty : patient;
    await expect(ask(app.url, token, `Hello ${directive}`)).rejects.toThrow(error);
  });

  it('has the text and an error where the answer cannot be stored', async () => {
    faults.inject({ type: 'throttle' }, { steps: ['complete'] });
    const { message, errors } = await ask(patient.url, token, 'Hello');
    faults.clear();
    expect(errors).toEqual(['Storage is unavailable']);
    expect(message!.parts[0]!.text).toMatch(/Hello/);
    const { messages } = await stored(patient, message!.metadata!.chat.id);
    expect(messages).toMatchObject([{ role: 'user', content: 'Hello', status: 'pending' }]);
  });

  it('is told why it is refused', async () => {
    await expect(ask(patient.url, '', 'Hello')).rejects.toThrow('Invalid id_token: token is missing');
    await expect(ask(patient.url, token, 'Hello', 'none')).rejects.toThrow('Chat not found');
    await expect(ask(patient.url, token, ' ')).rejects.toThrow(`Field 'prompt' is required`);
  });

  it('has the chat and an error where the agent has said nothing when the stream opens', async () => {
    const { message, errors } = await afterSilence;
    expect(errors).toEqual(['The agent took too long']);
    expect(message!.parts).toEqual([]);
    expect((await stored(calm, message!.metadata!.chat.id)).messages).toMatchObject([{ status: 'failed' }]);
  });
});
