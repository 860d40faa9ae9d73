import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  type ConverseStreamCommandInput,
  type ConverseStreamOutput,
} from '@aws-sdk/client-bedrock-runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type ConverseEmulator, startConverseEmulator } from '../../src/local/emulator/converse/server.js';

const user = (text: string) => ({ role: 'user' as const, content: [{ text }] });
const assistant = (text: string) => ({ role: 'assistant' as const, content: [{ text }] });

describe('startConverseEmulator', () => {
  let sut: ConverseEmulator;
  let client: BedrockRuntimeClient;
  beforeEach(async () => {
    sut = await startConverseEmulator();
    client = new BedrockRuntimeClient({
      endpoint: sut.endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });
  });
  afterEach(async () => {
    client.destroy();
    await sut.close();
  });

  async function converse(input: Partial<ConverseStreamCommandInput>): Promise<ConverseStreamOutput[]> {
    const command = new ConverseStreamCommand({ modelId: 'amazon.nova-lite-v1:0', messages: [user('Hi')], ...input });
    const { stream } = await client.send(command);
    const events: ConverseStreamOutput[] = [];
    for await (const event of stream ?? []) events.push(event);
    return events;
  }
  const toText = (events: readonly ConverseStreamOutput[]) =>
    events.map(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? '').join('');

  it('sends the events of one message, with whole characters, and the usage at the end', async () => {
    const events = await converse({ messages: [user('Grüße aus Köln')] });
    expect(toText(events)).toMatch(/^You said “Grüße aus Köln”/);
    const names = events.map((event) => Object.keys(event)[0]).filter((name) => name !== 'contentBlockDelta');
    expect(names).toEqual(['messageStart', 'contentBlockStop', 'messageStop', 'metadata']);
    expect(events.at(-2)?.messageStop).toEqual({ stopReason: 'end_turn' });
    const { inputTokens = 0, outputTokens = 0, totalTokens } = events.at(-1)?.metadata?.usage ?? {};
    expect([inputTokens > 0, outputTokens > 0, totalTokens]).toEqual([true, true, inputTokens + outputTokens]);
  });

  it('knows the earlier prompts from the messages, and nothing else', async () => {
    const messages = [user('I like trams'), assistant('So do I'), user('What did I say first?')];
    expect(toText(await converse({ messages }))).toContain('The first thing you said to me was “I like trams”');
    expect(toText(await converse({}))).toContain('This is turn 1');
  });

  it.each<[string, Partial<ConverseStreamCommandInput>]>([
    ['an unknown model', { modelId: 'my_model' }],
    ['an ARN of another resource', { modelId: 'arn:aws:bedrock:us-east-1:123456789012:agent/ABC' }],
    ['no message', { messages: [] }],
    ['an assistant that begins', { messages: [assistant('Hi'), user('Hi')] }],
    ['two messages of the user', { messages: [user('Hi'), user('Hi')] }],
    ['an assistant that ends', { messages: [user('Hi'), assistant('Hi')] }],
    ['a message without content', { messages: [{ role: 'user', content: [] }] }],
    ['a blank text', { messages: [user(' \n')] }],
    ['an empty text of the history', { messages: [user('Hi'), assistant(''), user('Hi')] }],
    ['an empty system prompt', { system: [{ text: '' }] }],
    ['no tokens', { inferenceConfig: { maxTokens: 0 } }],
    ['half a guardrail', { guardrailConfig: { guardrailIdentifier: 'gr1', guardrailVersion: undefined } }],
    ['a bad version of a guardrail', { guardrailConfig: { guardrailIdentifier: 'gr1', guardrailVersion: '0' } }],
    ['metadata with other characters', { requestMetadata: { actor: 'ä' } }],
  ])('refuses %s', async (_, input) => {
    await expect(converse(input)).rejects.toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(sut.invocations).toEqual([]);
  });

  it('counts the attempts of directives for each conversation', async () => {
    const ask = (name: string) => converse({ messages: [user(`I am ${name} [[fault http-error status=503]]`)] });
    await expect(ask('Ada')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(toText(await ask('Ada'))).toContain('This is turn 1');
    await expect(ask('Bob')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  });
});
