import { setTimeout as wait } from 'node:timers/promises';
import type { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type AgentConnectionTimes,
  createBedrockAgentRuntimeClient,
} from '../../src/chat/agent/bedrock-agent/bedrock-agent-runtime.client.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { AgentSettings } from '../../src/config/settings.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import type { AgentEvent } from '../../src/chat/agent/agent.js';
import { AgentBusyError, AgentFailedError, AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import { BedrockAgentProvider } from '../../src/chat/agent/bedrock-agent/bedrock-agent.provider.js';

const REQUEST = { sessionId: 'a-session-of-at-least-33-characters', prompt: 'hello' };

describe('BedrockAgentProvider', () => {
  let agent: BedrockAgentEmulator;
  let client: BedrockAgentRuntimeClient;
  let sut: BedrockAgentProvider;

  /** Connects the provider to the emulated agent. */
  function connect(times?: AgentConnectionTimes): void {
    const settings = new AgentSettings(
      loadEnvironment({
        AGENT_ID: 'AGENT',
        AGENT_ALIAS_ID: 'ALIAS',
        JWT_VERIFY_SIGNATURE: 'false',
        AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
      }),
    );
    client = createBedrockAgentRuntimeClient(settings, times);
    sut = new BedrockAgentProvider(client, settings);
  }

  /** Connects the provider again, with other time limits. */
  function reconnect(times: AgentConnectionTimes): void {
    client.destroy();
    connect(times);
  }

  beforeEach(async () => {
    agent = await startBedrockAgentEmulator();
    connect();
  });
  afterEach(async () => {
    client.destroy();
    await agent.close();
  });

  async function collectEvents(signal = new AbortController().signal): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for await (const event of sut.reply({ ...REQUEST, history: [] }, signal)) events.push(event);
    return events;
  }
  /** Waits until the agent has ended the first call or has noticed that the caller left. */
  async function waitForOutcome() {
    while (agent.invocations[0]?.outcome === 'running') await new Promise(setImmediate);
    return agent.invocations[0]?.outcome;
  }
  const joinTexts = (events: AgentEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');

  it('invokes the configured agent, with streaming and without a trace', async () => {
    await collectEvents();
    expect(agent.invocations).toEqual([
      expect.objectContaining({
        ...REQUEST,
        agentId: 'AGENT',
        agentAliasId: 'ALIAS',
        enableTrace: false,
        streamFinalResponse: true,
      }),
    ]);
  });

  it('yields each text as it comes, then the end', async () => {
    agent.enqueue({ type: 'chunks', chunks: ['one ', 'two ', 'three'] });
    expect(await collectEvents()).toEqual([
      { type: 'text', text: 'one ' },
      { type: 'text', text: 'two ' },
      { type: 'text', text: 'three' },
      { type: 'end' },
    ]);
  });

  it('yields whole characters wherever the stream is cut into chunks', async () => {
    const text = 'aé漢👍🏽 –';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      agent.enqueue({ type: 'chunks', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] });
      const events = await collectEvents();
      expect(joinTexts(events)).toBe(text);
      for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
    }
  });

  it('replaces an unfinished last character by U+FFFD', async () => {
    agent.enqueue({ type: 'chunks', chunks: [Buffer.from('ok 👍').subarray(0, -1)] });
    expect(joinTexts(await collectEvents())).toBe('ok \uFFFD');
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

  it('sends the history to a new session, with alternating roles, oldest first', async () => {
    const history = [
      { prompt: 'one', reply: 'first' },
      { prompt: 'two', reply: 'second' },
    ];
    for await (const _ of sut.reply({ ...REQUEST, history }, new AbortController().signal));
    expect(agent.invocations[0]?.conversationHistory).toEqual([
      { role: 'user', text: 'one' },
      { role: 'assistant', text: 'first' },
      { role: 'user', text: 'two' },
      { role: 'assistant', text: 'second' },
    ]);
  });

  it('sends no history to a session that the agent knows', async () => {
    await collectEvents();
    expect(agent.invocations[0]).not.toHaveProperty('conversationHistory');
  });

  it('ends a session', async () => {
    await sut.endSession(REQUEST.sessionId, new AbortController().signal);
    expect(agent.invocations).toEqual([expect.objectContaining({ sessionId: REQUEST.sessionId, endSession: true })]);
  });

  it('uses one connection for many turns', async () => {
    for (let turn = 0; turn < 5; turn += 1) await collectEvents();
    expect(agent.connections).toBe(1);
  });

  it('sends a turn that the agent refused again, at most three times in all', async () => {
    const refusal = { type: 'http-error', status: 429, exception: 'ThrottlingException' } as const;
    agent.enqueue(refusal, refusal);
    expect((await collectEvents()).at(-1)).toEqual({ type: 'end' });
    expect(agent.invocations).toHaveLength(3);
    agent.enqueue(refusal, refusal, refusal);
    await expect(collectEvents()).rejects.toBeInstanceOf(AgentBusyError);
    expect(agent.invocations).toHaveLength(6);
  });

  it('sends a turn that may have run only once', async () => {
    agent.enqueue({ type: 'hang-up' });
    await expect(collectEvents()).rejects.toBeInstanceOf(AgentFailedError);
    expect(agent.invocations).toHaveLength(1);
  });

  it.each([0, 1])(
    'ends the call when the signal aborts, and throws its reason: silence after %i chunks',
    async (afterChunks) => {
      agent.enqueue({ type: 'silence', afterChunks });
      const caller = new AbortController();
      const reason = new AgentTimeoutError();
      setTimeout(() => caller.abort(reason), 100);
      await expect(collectEvents(caller.signal)).rejects.toBe(reason);
      expect(await waitForOutcome()).toBe('left');
    },
  );

  it.each([
    ['before anything', { type: 'delay', milliseconds: 60_000 }],
    ['after the headers', { type: 'silence', afterChunks: 0 }],
    ['after some text', { type: 'silence', afterChunks: 2 }],
  ] as const)('throws AgentTimeoutError when the connection is silent for too long: %s', async (_, fault) => {
    reconnect({ silence: 200, unused: 15_000 });
    agent.enqueue(fault);
    await expect(collectEvents()).rejects.toBeInstanceOf(AgentTimeoutError);
    expect(agent.invocations).toHaveLength(1);
  });

  it('closes a connection that was not used for a while', async () => {
    reconnect({ silence: 120_000, unused: 500 });
    await collectEvents();
    await collectEvents();
    expect(agent.connections).toBe(1);
    while ((await agent.openConnections()) > 0) await wait(50);
    expect((await collectEvents()).at(-1)).toEqual({ type: 'end' });
    expect(agent.connections).toBe(2);
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

  it('ends the call when the iteration is left early', async () => {
    agent.enqueue({ type: 'silence', afterChunks: 2 });
    for await (const event of sut.reply({ ...REQUEST, history: [] }, new AbortController().signal)) {
      if (event.type === 'text') break;
    }
    expect(await waitForOutcome()).toBe('left');
  });
});
