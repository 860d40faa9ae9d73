import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { PROVIDERS, type ProviderUnderTest } from '../support/agent-providers.js';
import { type ChatApp, startChatApp, startChatAppWith } from '../support/chat-app.js';

const RECALL = 'What did I say first?';
const RECALLED = 'The first thing you said to me was “My name is Ada”.';

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
