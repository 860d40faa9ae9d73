import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { PROVIDERS } from '../support/agent-providers.js';
import { type ChatApp, startChatAppWith } from '../support/chat-app.js';

/** The emulated agents count a token for each four bytes. */
const toTokens = (text: string) => Math.ceil(Buffer.byteLength(text) / 4);

describe.each(PROVIDERS)('the usage of a turn with $name', (provider) => {
  let app: ChatApp<AgentEmulator>;
  beforeAll(async () => {
    const { variables, endpointVariable } = provider;
    app = await startChatAppWith({ variables, endpointVariable, emulator: await provider.startEmulator() });
  });
  afterAll(() => app.close());

  /** Reads the reply to a prompt that opens a chat, as it is stored. */
  async function readReply(prompt: string, status: number) {
    const first = await app.chat({ prompt: 'My name is Ada' }).expect(200);
    const { id } = first.body.chat as { id: string };
    await app.chat({ prompt, chat_id: id }).expect(status);
    const { body } = await app.read(id).expect(200);
    return (body as { chat: { messages: { content: string; status?: string; usage?: object }[] } }).chat.messages[3];
  }

  it('is the sum over two rounds of tools', async () => {
    const { body } = await app.chat({ prompt: 'hello [[fault tool-rounds rounds=2]]' }).expect(200);
    const { content, usage } = body.chat.messages[1] as { content: string; usage?: object };
    if (!provider.hasMessages) return expect(usage).toBeUndefined();
    const reply = content.split('\n\n').slice(2).join('\n\n');
    const input_tokens = 3 * toTokens('hello [[fault tool-rounds rounds=2]]');
    expect(usage).toEqual({ input_tokens, output_tokens: 3 * toTokens(reply) });
    expect((await app.read(body.chat.id as string)).body.chat.messages).toEqual(body.chat.messages);
  });

  it('is kept if the reply breaks off after it', async () => {
    const kept = await readReply('hello [[fault stop-reason reason=tool_use]]', provider.hasMessages ? 502 : 200);
    if (!provider.hasMessages) return expect(kept?.usage).toBeUndefined();
    expect(kept).toMatchObject({
      status: 'partial',
      usage: { input_tokens: expect.any(Number), output_tokens: toTokens(kept?.content ?? '') },
    });
  });
});
