import { setTimeout as wait } from 'node:timers/promises';
import type { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type AgentConnectionTimes,
  createBedrockAgentRuntimeClient,
} from '../../src/chat/agent/bedrock-agent/bedrock-agent-runtime.client.js';
import { type Environment, loadEnvironment } from '../../src/config/environment.js';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import type { AgentEvent } from '../../src/chat/agent/agent.js';
import { AgentBusyError, AgentFailedError, AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import { BedrockAgentProvider } from '../../src/chat/agent/bedrock-agent/bedrock-agent.provider.js';

const REQUEST = { sessionId: 'a-session-of-at-least-33-characters', prompt: 'hello' };

describe('BedrockAgentProvider', () => {
  let agent: BedrockAgentEmulator;
  let client: BedrockAgentRuntimeClient;
  let sut: BedrockAgentProvider;

  let environment: Environment;

  /** Connects the provider anew. */
  function connect(times?: AgentConnectionTimes): void {
    client = createBedrockAgentRuntimeClient(environment, times);
    sut = new BedrockAgentProvider(client, environment);
  }

  beforeEach(async () => {
    agent = await startBedrockAgentEmulator();
    environment = loadEnvironment({
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      JWT_VERIFY_SIGNATURE: 'false',
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
    });
    connect();
  });
  afterEach(async () => {
    client.destroy();
    await agent.close();
  });

  async function eventsOf(signal = new AbortController().signal): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for await (const event of sut.reply({ ...REQUEST, history: [] }, signal)) events.push(event);
    return events;
  }
  const textOf = (events: AgentEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');

  it('asks the configured agent, streaming and without a trace', async () => {
    await eventsOf();
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

  it('yields text as it comes and says when it ends', async () => {
    agent.enqueue({ type: 'chunks', chunks: ['one ', 'two ', 'three'] });
    expect(await eventsOf()).toEqual([
      { type: 'text', text: 'one ' },
      { type: 'text', text: 'two ' },
      { type: 'text', text: 'three' },
      { type: 'end' },
    ]);
  });

  it('yields whole characters wherever the chunks are cut', async () => {
    const text = 'aé漢👍🏽 –';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      agent.enqueue({ type: 'chunks', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] });
      const events = await eventsOf();
      expect(textOf(events)).toBe(text);
      for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
    }
  });

  it('keeps a character that the stream cut off visible instead of dropping it', async () => {
    agent.enqueue({ type: 'chunks', chunks: [Buffer.from('ok 👍').subarray(0, -1)] });
    expect(textOf(await eventsOf())).toBe('ok \uFFFD');
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
    expect((await eventsOf()).filter(({ type }) => type === 'citation')).toEqual([
      { type: 'citation', citation: { title: 'a', uri: 's3://b/a', snippet: 'A', start: 0, end: 3 } },
      { type: 'citation', citation: { uri: 'https://b.example', snippet: 'B', start: 0, end: 3 } },
    ]);
  });

  it('tells a new session what was said before, roles alternating, oldest first', async () => {
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

  it('tells a live session nothing of it', async () => {
    await eventsOf();
    expect(agent.invocations[0]).not.toHaveProperty('conversationHistory');
  });

  it('ends a session', async () => {
    await sut.endSession(REQUEST.sessionId, new AbortController().signal);
    expect(agent.invocations).toEqual([expect.objectContaining({ sessionId: REQUEST.sessionId, endSession: true })]);
  });

  it('keeps its connection from turn to turn', async () => {
    for (let turn = 0; turn < 5; turn += 1) await eventsOf();
    expect(agent.connections).toBe(1);
  });

  it('asks again where the agent refused the turn before it ran, and at most three times', async () => {
    const refusal = { type: 'http-error', status: 429, exception: 'ThrottlingException' } as const;
    agent.enqueue(refusal, refusal);
    expect((await eventsOf()).at(-1)).toEqual({ type: 'end' });
    expect(agent.invocations).toHaveLength(3);
    agent.enqueue(refusal, refusal, refusal);
    await expect(eventsOf()).rejects.toBeInstanceOf(AgentBusyError);
    expect(agent.invocations).toHaveLength(6);
  });

  it('asks once where the turn may have run', async () => {
    agent.enqueue({ type: 'hang-up' });
    await expect(eventsOf()).rejects.toBeInstanceOf(AgentFailedError);
    expect(agent.invocations).toHaveLength(1);
  });

  it.each([0, 1])(
    'ends the call upstream with the reason of the signal, silent after %i chunks',
    async (afterChunks) => {
      agent.enqueue({ type: 'silence', afterChunks });
      const caller = new AbortController();
      const reason = new AgentTimeoutError();
      setTimeout(() => caller.abort(reason), 100);
      await expect(eventsOf(caller.signal)).rejects.toBe(reason);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(agent.invocations[0]?.outcome).toBe('left');
    },
  );

  it.each([
    ['before anything', { type: 'delay', milliseconds: 60_000 }],
    ['after the headers', { type: 'silence', afterChunks: 0 }],
    ['after some text', { type: 'silence', afterChunks: 2 }],
  ] as const)(
    'takes a connection that is silent for too long for an agent that takes too long: %s',
    async (_, fault) => {
      client.destroy();
      connect({ silence: 200, unused: 15_000 });
      agent.enqueue(fault);
      await expect(eventsOf()).rejects.toBeInstanceOf(AgentTimeoutError);
      expect(agent.invocations).toHaveLength(1);
    },
  );

  it('drops a connection that no turn has used for a while', async () => {
    client.destroy();
    connect({ silence: 120_000, unused: 100 });
    await eventsOf();
    await eventsOf();
    expect(agent.connections).toBe(1);
    await wait(300);
    expect(await agent.openConnections()).toBe(0);
    expect((await eventsOf()).at(-1)).toEqual({ type: 'end' });
    expect(agent.connections).toBe(2);
  });

  it.each([
    // The SDK watches over a connection after three seconds only, unless it is to do so for less than six.
    ['before the SDK watches over it', 120_000, 100, 500],
    ['while the SDK does', 5_000, 100, 500],
    ['from one to the other', 7_000, 3_200, 3_600],
  ])('keeps one that is silent inside a turn for longer than that: %s', async (_, silence, unused, pauseMs) => {
    client.destroy();
    connect({ silence, unused });
    // The second turn comes over a connection that has waited for it.
    for (const pause of [0, pauseMs]) {
      agent.enqueue({ type: 'chunks', chunks: ['hello'], pauseMs: pause });
      expect(textOf(await eventsOf())).toBe('hello');
    }
    expect(agent.connections).toBe(1);
  });

  it('ends the call upstream when nobody listens any more', async () => {
    agent.enqueue({ type: 'silence', afterChunks: 2 });
    for await (const event of sut.reply({ ...REQUEST, history: [] }, new AbortController().signal)) {
      if (event.type === 'text') break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(agent.invocations[0]?.outcome).toBe('left');
  });
});
