import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentConnectionTimes } from '../../src/chat/agent/aws/agent-connections.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { AgentSettings, type BedrockAgentTarget } from '../../src/config/agent-settings.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import type { AgentEvent, AgentRequest } from '../../src/chat/agent/agent.js';
import { AgentFailedError } from '../../src/chat/agent/agent.errors.js';
import { BedrockAgentProvider } from '../../src/chat/agent/bedrock-agent/bedrock-agent.provider.js';

const REQUEST = {
  sessionId: 'a-session-of-at-least-33-characters',
  prompt: 'hello',
  history: [],
  actorId: 'a-hash',
  deadline: Date.now() + 60_000,
  attributes: {},
};

describe('BedrockAgentProvider', () => {
  let agent: BedrockAgentEmulator;
  let sut: BedrockAgentProvider;

  /** Connects the provider to the emulated agent. */
  function connect(times?: AgentConnectionTimes): void {
    const environment = loadEnvironment({
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      JWT_VERIFY_SIGNATURE: 'false',
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
    });
    const settings = new AgentSettings(environment);
    sut = BedrockAgentProvider.create(settings, settings.target as BedrockAgentTarget, times);
  }

  /** Connects the provider again, with other time limits. */
  function reconnect(times: AgentConnectionTimes): void {
    sut.close();
    connect(times);
  }

  beforeEach(async () => {
    agent = await startBedrockAgentEmulator();
    connect();
  });
  afterEach(async () => {
    sut.close();
    await agent.close();
  });

  async function collectEvents(request: Partial<AgentRequest> = {}): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for await (const event of sut.reply({ ...REQUEST, ...request }, new AbortController().signal)) events.push(event);
    return events;
  }
  const joinTexts = (events: AgentEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');

  it('invokes the configured agent, with streaming and without a trace', async () => {
    await collectEvents();
    expect(agent.invocations).toEqual([
      expect.objectContaining({
        sessionId: REQUEST.sessionId,
        prompt: REQUEST.prompt,
        agentId: 'AGENT',
        agentAliasId: 'ALIAS',
        enableTrace: false,
        streamFinalResponse: true,
      }),
    ]);
  });

  it('yields a citation for each reference of a cited span', async () => {
    const generatedResponsePart = { textResponsePart: { text: 'one', span: { start: 0, end: 3 } } };
    const retrievedReferences = [
      {
        content: { text: 'A' },
        location: { type: 'S3' as const, s3Location: { uri: 's3://b/a' } },
        metadata: { title: 'a' },
      },
      { content: { text: 'B' }, location: { type: 'WEB' as const, webLocation: { url: 'https://b.example' } } },
    ];
    const chunk = { bytes: Buffer.from('one'), citations: [{ generatedResponsePart, retrievedReferences }] };
    agent.enqueue({ type: 'chunks', chunks: [chunk] });
    expect((await collectEvents()).filter(({ type }) => type === 'citation')).toEqual([
      { type: 'citation', citation: { title: 'a', uri: 's3://b/a', snippet: 'A', start: 0, end: 3 } },
      { type: 'citation', citation: { uri: 'https://b.example', snippet: 'B', start: 0, end: 3 } },
    ]);
  });

  it('sends the claims as session attributes, and none if there are none', async () => {
    await collectEvents({ attributes: { email: 'ada@example.com' } });
    await collectEvents();
    expect(agent.invocations[0]?.sessionAttributes).toEqual({ email: 'ada@example.com' });
    expect(agent.invocations[1]).not.toHaveProperty('sessionAttributes');
  });

  it('fails if the agent returns control instead of a reply', async () => {
    agent.enqueue({ type: 'return-control' });
    await expect(collectEvents()).rejects.toBeInstanceOf(AgentFailedError);
  });

  it('ends a session', async () => {
    await sut.endSession(REQUEST.sessionId, new AbortController().signal);
    expect(agent.invocations).toEqual([expect.objectContaining({ sessionId: REQUEST.sessionId, endSession: true })]);
  });

  it.each([
    // The SDK sets its own time-out after three seconds, but at once if the time-out is under six seconds.
    ['before the SDK sets its time-out', 120_000, 500, 800],
    ['after the SDK has set its time-out', 5_000, 500, 800],
    ['across the moment when the SDK sets it', 7_000, 3_200, 3_600],
  ])('keeps a connection that is silent for longer during a turn: %s', async (_, silence, unused, pauseMs) => {
    reconnect({ silence, unused });
    // The second turn uses the connection of the first.
    for (const pause of [0, pauseMs]) {
      agent.enqueue({ type: 'chunks', chunks: ['hello'], pauseMs: pause });
      expect(joinTexts(await collectEvents())).toBe('hello');
    }
    expect(agent.connections).toBe(1);
  });
});
