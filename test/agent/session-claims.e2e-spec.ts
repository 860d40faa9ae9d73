import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mintToken } from '../../src/local/dev-token.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { silence } from '../support/silence.js';
import { SECRET } from '../support/tokens.js';

const RED = 'the-red-tenant';
// The claims are never logged.
silence.keep(RED);

describe('AGENT_SESSION_CLAIMS', () => {
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
