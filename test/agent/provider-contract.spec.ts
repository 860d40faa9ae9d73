import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentEvent, AgentProvider, AgentRequest } from '../../src/chat/agent/agent.js';
import { AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import type { AgentConnectionTimes } from '../../src/chat/agent/aws/agent-connections.js';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import type { EmulatedBehaviour } from '../../src/local/emulator/behaviour.js';
import { PROVIDERS, toSettings } from '../support/agent-providers.js';
import { listProviderFaults } from '../support/provider-faults.js';

const NO_ABORT = new AbortController().signal;
const HISTORY = [
  { prompt: 'My name is Ada', reply: 'Hello Ada' },
  { prompt: 'I like trams', reply: 'So do I' },
];
const toRequest = (request: Partial<AgentRequest> = {}): AgentRequest => ({
  // Begins like one in 32 of the ids.
  sessionId: '-a-session-of-at-least-33-characters',
  prompt: 'hello',
  history: [],
  actorId: 'a'.repeat(64),
  deadline: Date.now() + 60_000,
  attributes: {},
  ...request,
});
const joinTexts = (events: readonly AgentEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

describe.each(PROVIDERS)('the provider of $name', (provider) => {
  let now: number;
  let agent: AgentEmulator;
  let sut: AgentProvider;

  const create = (variables: Readonly<Record<string, string>> = provider.variables, times?: AgentConnectionTimes) =>
    provider.create(toSettings({ ...variables, [provider.endpointVariable]: agent.endpoint }), times);
  function reconnect(times: AgentConnectionTimes): void {
    sut.close();
    sut = create(provider.variables, times);
  }

  beforeEach(async () => {
    now = Date.now();
    agent = await provider.startEmulator({ now: () => now });
    sut = create();
  });
  afterEach(async () => {
    sut.close();
    await agent.close();
  });

  async function collect(request: Partial<AgentRequest> = {}, signal = NO_ABORT): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for await (const event of sut.reply(toRequest(request), signal)) events.push(event);
    return events;
  }
  const ask = async (request: Partial<AgentRequest> = {}) => joinTexts(await collect(request));
  /** Reads a reply that fails. */
  async function collectFailure(signal = NO_ABORT): Promise<{ events: AgentEvent[]; error: unknown }> {
    const events: AgentEvent[] = [];
    try {
      for await (const event of sut.reply(toRequest(), signal)) events.push(event);
    } catch (error) {
      return { events, error };
    }
    throw new Error('The reply did not fail');
  }
  /** Waits until the agent has ended the first call or has noticed that the caller left. */
  async function waitForOutcome() {
    while (agent.invocations[0]?.outcome === 'running') await wait(5);
    return agent.invocations[0]?.outcome;
  }

  describe('reads a reply', () => {
    it('that is whole: its texts as they come, then one end', async () => {
      agent.enqueue({ type: 'chunks', chunks: ['one ', 'two ', 'three'] });
      const events = (await collect()).filter(({ type }) => type !== 'usage');
      expect(events).toEqual([
        { type: 'text', text: 'one ' },
        { type: 'text', text: 'two ' },
        { type: 'text', text: 'three' },
        { type: 'end', reason: 'stop' },
      ]);
      expect(agent.invocations).toHaveLength(1);
      expect(await waitForOutcome()).toBe('replied');
    });

    it('wherever bytes of a character are cut', async () => {
      const text = 'aé漢👍🏽 –';
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        agent.enqueue({ type: 'chunks', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] });
        const events = await collect();
        expect(joinTexts(events)).toBe(text);
        for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
      }
    });

    it('whose last character is unfinished, which becomes U+FFFD', async () => {
      agent.enqueue({ type: 'chunks', chunks: [Buffer.from('ok 👍').subarray(0, -1)] });
      expect(await ask()).toBe('ok \uFFFD');
    });

    it('that is huge', async () => {
      const chunk = Buffer.alloc(16_384, 'all work and no play ');
      agent.enqueue({ type: 'chunks', chunks: Array<Buffer>(200).fill(chunk) });
      expect(await ask()).toHaveLength(200 * chunk.length);
    });

    it('that pauses', async () => {
      agent.enqueue({ type: 'chunks', chunks: ['a', 'b'], pauseMs: 100 });
      expect(await ask()).toBe('ab');
    });
  });

  describe.each(listProviderFaults(provider.hasMessages))('fails without an end %s', (_place, faults, stored) => {
    it.each(faults)('%s', async (_words, behaviour, expected, times = 1) => {
      if (expected === AgentTimeoutError) reconnect({ silence: 200, unused: 15_000 });
      agent.enqueue(...Array<EmulatedBehaviour>(times).fill(behaviour));
      const { events, error } = await collectFailure();
      expect(error).toBeInstanceOf(expected);
      expect(String(error)).not.toContain('arn:');
      expect(agent.invocations).toHaveLength(times);
      expect(events.some(({ type }) => type === 'end')).toBe(false);
      expect(joinTexts(events) === '').toBe(stored === 'failed');
    });
  });

  it('sends a turn that the agent refused again', async () => {
    const refusal = { type: 'http-error', status: 429, exception: 'ThrottlingException' } as const;
    agent.enqueue(refusal, refusal);
    expect((await collect()).at(-1)).toEqual({ type: 'end', reason: 'stop' });
    expect(agent.invocations).toHaveLength(3);
  });

  describe('ends the call', () => {
    it.each([
      ['before the headers', { type: 'delay', milliseconds: 60_000 }],
      ['after the headers', { type: 'silence', afterChunks: 0 }],
      ['after some text', { type: 'silence', afterChunks: 1 }],
    ] as const)('when the signal aborts, and throws its reason: %s', async (_place, behaviour) => {
      agent.enqueue(behaviour);
      const caller = new AbortController();
      const reason = new AgentTimeoutError();
      setTimeout(() => caller.abort(reason), 100);
      expect((await collectFailure(caller.signal)).error).toBe(reason);
      expect(await waitForOutcome()).toBe('left');
      expect(agent.invocations).toHaveLength(1);
    });

    it('when the signal aborts between two attempts', async () => {
      agent.enqueue({ type: 'http-error', status: 429, exception: 'ThrottlingException' });
      const caller = new AbortController();
      setTimeout(() => caller.abort(new AgentTimeoutError()), 50);
      expect((await collectFailure(caller.signal)).error).toBe(caller.signal.reason);
      expect(agent.invocations).toHaveLength(1);
    });

    it('when the iteration is left early', async () => {
      agent.enqueue({ type: 'silence', afterChunks: 2 });
      for await (const event of sut.reply(toRequest(), NO_ABORT)) if (event.type === 'text') break;
      expect(await waitForOutcome()).toBe('left');
    });
  });

  describe('uses connections', () => {
    it('for many turns', async () => {
      for (let turn = 0; turn < 5; turn += 1) await collect();
      expect(agent.connections).toBe(1);
    });

    it('until they were not used for a while', async () => {
      reconnect({ silence: 120_000, unused: 300 });
      await collect();
      while ((await agent.openConnections()) > 0) await wait(50);
      expect((await collect()).at(-1)).toEqual({ type: 'end', reason: 'stop' });
      expect(agent.connections).toBe(2);
    });
  });

  it('sends the history to an agent that does not know it, oldest first', async () => {
    expect(await ask({ prompt: 'What did I say first?', history: HISTORY })).toContain('“My name is Ada”');
    expect(agent.invocations[0]?.prompt).toBe('What did I say first?');
    expect(agent.invocations[0]?.conversationHistory).toEqual([
      { role: 'user', text: 'My name is Ada' },
      { role: 'assistant', text: 'Hello Ada' },
      { role: 'user', text: 'I like trams' },
      { role: 'assistant', text: 'So do I' },
    ]);
  });

  it('sends no history if there is none', async () => {
    await collect();
    expect(agent.invocations[0]).not.toHaveProperty('conversationHistory');
  });

  describe('names the agent', () => {
    const getName = (variables: Readonly<Record<string, string>>) => create(variables).memory.agent;

    it('alike for the same settings, and without its id or ARN', () => {
      expect(getName(provider.variables)).toBe(sut.memory.agent);
      expect(sut.memory.agent).toMatch(/^[a-z-]+-[\w-]{11}$/);
    });

    it('differently for another agent, another version of it, and another kind', () => {
      const names = [provider.variables, ...provider.others].map(getName);
      for (const other of PROVIDERS) {
        if (other !== provider) names.push(other.create(toSettings(other.variables)).memory.agent);
      }
      expect(new Set(names).size).toBe(names.length);
    });
  });

  if (provider.memory !== undefined) {
    const { idleSeconds, maxSeconds } = provider.memory;

    describe('continues a session', () => {
      it('by its id, and never another session', async () => {
        await ask({ prompt: 'I like trams' });
        expect(await ask({ prompt: 'And now?' })).toContain('This is turn 2; you began with “I like trams”');
        expect(await ask({ sessionId: `_${'b'.repeat(42)}` })).toContain('This is turn 1');
      });

      it('until its idle time has passed, which the provider knows', async () => {
        expect(sut.memory.idleSeconds).toBe(idleSeconds);
        await ask({ prompt: 'I like trams' });
        now += idleSeconds * 1000 - 1;
        expect(await ask()).toContain('This is turn 2');
        now += idleSeconds * 1000;
        expect(await ask()).toContain('This is turn 1');
      });

      it('until its greatest age, which the provider knows', async () => {
        expect(sut.memory.maxSeconds).toBe(maxSeconds);
        await ask({ prompt: 'I like trams' });
        const step = idleSeconds * 500;
        const steps = Math.floor(((maxSeconds ?? 36_000) * 1000 - 1) / step);
        for (let turn = 2; turn <= steps + 1; turn += 1) {
          now += step;
          expect(await ask()).toContain(`This is turn ${turn};`);
        }
        now += step;
        expect(await ask()).toContain(maxSeconds === undefined ? `This is turn ${steps + 2};` : 'This is turn 1;');
      });

      it('until the caller ends it', async () => {
        await ask({ prompt: 'I like trams' });
        await sut.endSession(toRequest().sessionId, NO_ABORT);
        expect(await ask()).toContain('This is turn 1');
      });
    });

    it('takes the idle time from the settings', () => {
      const { memory } = create({ ...provider.variables, AGENT_SESSION_TTL_SECONDS: '1234' });
      expect(memory.idleSeconds).toBe(1234);
    });

    it('ends a session that the agent does not know', async () => {
      await expect(sut.endSession(toRequest().sessionId, NO_ABORT)).resolves.toBeUndefined();
    });

    it('throws the reason of a signal that aborts the end of a session', async () => {
      const reason = new Error('too late');
      await expect(sut.endSession(toRequest().sessionId, AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  }

  if (provider.hasMessages) {
    it('yields the usage of every message over rounds of tools, and their texts alone', async () => {
      agent.enqueue({ type: 'tool-rounds', rounds: 2 });
      const events = await collect();
      expect(events.filter(({ type }) => type === 'usage')).toHaveLength(3);
      expect(joinTexts(events)).toMatch(/^Round 1: I look it up\.\n\nRound 2: I look it up\.\n\nYou said “hello”/);
      expect(events.at(-1)).toEqual({ type: 'end', reason: 'stop' });
    });

    it('joins surrogate pairs that are split over two deltas', async () => {
      agent.enqueue({ type: 'split-surrogates' });
      const events = await collect({ prompt: 'Grüße 👍🏽 漢' });
      expect(joinTexts(events)).toMatch(/^👋 You said “Grüße 👍🏽 漢”/);
      for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
    });

    it.each([
      ['stop_sequence', 'stop'],
      ['max_tokens', 'length'],
      ['model_context_window_exceeded', 'length'],
      ['content_filtered', 'content-filter'],
      ['a_new_reason', 'other'],
    ])('ends for the reason %s as %s', async (stopReason, reason) => {
      agent.enqueue({ type: 'stop-reason', reason: stopReason });
      expect((await collect()).at(-1)).toEqual({ type: 'end', reason });
    });
  }
});
