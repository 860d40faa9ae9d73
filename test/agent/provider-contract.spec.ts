import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import { TurnStoppedError } from '../../src/chat/model/chat.errors.js';
import type { EmulatedBehaviour } from '../../src/local/emulator/behaviour.js';
import { PROVIDERS, toSettings } from '../support/agent-providers.js';
import { type GatedCall, startGate } from '../support/gate.js';
import { COMMON_FAULTS } from '../support/provider-faults.js';
import { joinTexts, NO_ABORT, toRequest, useProvider } from '../support/provider-fixture.js';

const HISTORY = [
  { prompt: 'My name is Ada', reply: 'Hello Ada' },
  { prompt: 'I like trams', reply: 'So do I' },
];

/** The same list of cases for every provider. */
describe.each(PROVIDERS)('the provider of $name', (provider) => {
  const fixture = useProvider(provider);

  describe('reads a reply', () => {
    it('that is whole: its texts as they come, then one end', async () => {
      fixture.agent.enqueue({ type: 'chunks', chunks: ['one ', 'two ', 'three'] });
      const events = (await fixture.collect()).filter(({ type }) => type !== 'usage');
      expect(events).toEqual([
        { type: 'text', text: 'one ' },
        { type: 'text', text: 'two ' },
        { type: 'text', text: 'three' },
        { type: 'end', reason: 'stop' },
      ]);
      expect(fixture.agent.invocations).toHaveLength(1);
      expect(await fixture.waitForOutcome()).toBe('replied');
    });

    it('wherever bytes of a character are cut', async () => {
      const text = 'aé漢👍🏽 –';
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        fixture.agent.enqueue({ type: 'chunks', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] });
        const events = await fixture.collect();
        expect(joinTexts(events)).toBe(text);
        for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
      }
    });

    it('whose last character is unfinished, which becomes U+FFFD', async () => {
      fixture.agent.enqueue({ type: 'chunks', chunks: [Buffer.from('ok 👍').subarray(0, -1)] });
      expect(await fixture.ask()).toBe('ok \uFFFD');
    });

    it('whose characters the service splits as it can', async () => {
      const cut = Buffer.from('👋 hello');
      const split = { type: 'chunks', chunks: [cut.subarray(0, 2), cut.subarray(2)] } as const;
      fixture.agent.enqueue(provider.hasMessages ? { type: 'split-surrogates' } : split);
      const events = await fixture.collect();
      expect(joinTexts(events)).toMatch(/^👋 /u);
      for (const event of events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
    });

    it('with the usage of each call to a model, if the service tells it', async () => {
      fixture.agent.enqueue({ type: 'tool-rounds', rounds: 2 });
      const usage = (await fixture.collect()).filter(({ type }) => type === 'usage');
      expect(usage).toHaveLength(provider.hasMessages ? 3 : 0);
    });

    it('that is huge', async () => {
      const chunk = Buffer.alloc(16_384, 'all work and no play ');
      fixture.agent.enqueue({ type: 'chunks', chunks: Array<Buffer>(200).fill(chunk) });
      expect(await fixture.ask()).toHaveLength(200 * chunk.length);
    });

    it('that pauses', async () => {
      fixture.agent.enqueue({ type: 'chunks', chunks: ['a', 'b'], pauseMs: 100 });
      expect(await fixture.ask()).toBe('ab');
    });
  });

  describe.each(COMMON_FAULTS)('fails without an end %s', (_place, faults, stored) => {
    it.each(faults)('%s', async (_words, behaviour, expected, times = 1) => {
      if (expected === AgentTimeoutError) fixture.reconnect({ silence: 200, unused: 15_000 });
      fixture.agent.enqueue(...Array<EmulatedBehaviour>(times).fill(behaviour));
      const { events, error } = await fixture.collectFailure();
      expect(error).toBeInstanceOf(expected);
      expect(String(error)).not.toContain('arn:');
      expect(fixture.agent.invocations).toHaveLength(times);
      expect(events.some(({ type }) => type === 'end')).toBe(false);
      expect(joinTexts(events) === '').toBe(stored === 'failed');
    });
  });

  it('sends a turn that the agent refused again', async () => {
    const refusal = { type: 'http-error', status: 429, exception: 'ThrottlingException' } as const;
    fixture.agent.enqueue(refusal, refusal);
    expect((await fixture.collect()).at(-1)).toEqual({ type: 'end', reason: 'stop' });
    expect(fixture.agent.invocations).toHaveLength(3);
  });

  describe('ends the call', () => {
    it.each([
      ['before the headers', { type: 'delay', milliseconds: 60_000 }],
      ['after the headers', { type: 'silence', afterChunks: 0 }],
      ['after some text', { type: 'silence', afterChunks: 1 }],
    ] as const)('when the signal aborts, and throws its reason: %s', async (_place, behaviour) => {
      fixture.agent.enqueue(behaviour);
      const caller = new AbortController();
      const reason = new AgentTimeoutError();
      const failure = fixture.collectFailure(caller.signal);
      while (fixture.agent.invocations.length === 0) await wait(5);
      setTimeout(() => caller.abort(reason), 50);
      expect((await failure).error).toBe(reason);
      expect(await fixture.waitForOutcome()).toBe('left');
      expect(fixture.turns).toHaveLength(1);
    });

    it.each([
      ['before the headers', { type: 'delay', milliseconds: 60_000 }],
      ['before the first event', { type: 'silence', afterChunks: 0 }],
      ['amid the text', { type: 'silence', afterChunks: 2 }],
      ['after the last text', { type: 'silence', afterChunks: 99 }],
    ] as const)('when the turn is stopped, and its session: %s', async (_place, behaviour) => {
      fixture.agent.enqueue(behaviour);
      const caller = new AbortController();
      const failure = fixture.collectFailure(caller.signal);
      while (fixture.agent.invocations.length === 0) await wait(5);
      setTimeout(() => caller.abort(new TurnStoppedError()), 50);
      const { events, error } = await failure;
      expect(error).toBe(caller.signal.reason);
      expect(events.some(({ type }) => type === 'end')).toBe(false);
      expect(await fixture.waitForOutcome()).toBe('left');
      await fixture.sut.idle();
      // Bedrock Converse has no sessions.
      const sessionId = fixture.sut.memory.idleSeconds > 0 ? fixture.turns[0]?.sessionId : undefined;
      expect(fixture.endedSessions).toEqual(sessionId === undefined ? [] : [sessionId]);
    });

    it('when the signal aborts between two attempts', async () => {
      fixture.agent.enqueue({ type: 'http-error', status: 429, exception: 'ThrottlingException' });
      const caller = new AbortController();
      const failure = fixture.collectFailure(caller.signal);
      while (fixture.agent.invocations[0]?.outcome !== 'replied') await wait(5);
      caller.abort(new AgentTimeoutError());
      expect((await failure).error).toBe(caller.signal.reason);
      expect(fixture.turns).toHaveLength(1);
    });

    it('when the iteration is left early', async () => {
      fixture.agent.enqueue({ type: 'silence', afterChunks: 2 });
      for await (const event of fixture.sut.reply(toRequest(), NO_ABORT)) if (event.type === 'text') break;
      expect(await fixture.waitForOutcome()).toBe('left');
    });
  });

  describe('uses connections', () => {
    it('for many turns', async () => {
      for (let turn = 0; turn < 5; turn += 1) await fixture.collect();
      expect(fixture.agent.connections).toBe(1);
    });

    it('until they were not used for a while', async () => {
      fixture.reconnect({ silence: 120_000, unused: 300 });
      await fixture.collect();
      while ((await fixture.agent.openConnections()) > 0) await wait(50);
      expect((await fixture.collect()).at(-1)).toEqual({ type: 'end', reason: 'stop' });
      expect(fixture.agent.connections).toBe(2);
    });
  });

  it('sends the history to an agent that does not know it, oldest first', async () => {
    expect(await fixture.ask({ prompt: 'What did I say first?', history: HISTORY })).toContain('“My name is Ada”');
    expect(fixture.agent.invocations[0]?.prompt).toBe('What did I say first?');
    expect(fixture.agent.invocations[0]?.conversationHistory).toEqual([
      { role: 'user', text: 'My name is Ada' },
      { role: 'assistant', text: 'Hello Ada' },
      { role: 'user', text: 'I like trams' },
      { role: 'assistant', text: 'So do I' },
    ]);
  });

  it('sends no history if there is none', async () => {
    await fixture.collect();
    expect(fixture.agent.invocations[0]).not.toHaveProperty('conversationHistory');
  });

  describe('calls the agent', () => {
    /** Lists the requests of a turn as they are sent. */
    async function listCalls(variables: Readonly<Record<string, string>> = {}): Promise<GatedCall[]> {
      const calls: GatedCall[] = [];
      const record = (call: GatedCall) => (calls.push(call), 'forward' as const);
      const gate = await startGate(fixture.agent.endpoint, record, () => undefined);
      const sut = fixture.create({ ...variables, [provider.endpointVariable]: gate.endpoint });
      const attributes = { email: 'ada@lovelace.example' };
      for await (const _ of sut.reply(toRequest({ attributes }), NO_ABORT));
      sut.close();
      await gate.close();
      return calls;
    }

    it('with the hash of the user, and with the claims, if the service takes them', async () => {
      const [call] = await listCalls();
      expect(call?.body.includes('a'.repeat(64))).toBe(provider.takes.actor);
      expect(call?.body.includes('ada@lovelace.example')).toBe(provider.takes.attributes);
    });

    it('in the region of its ARN, or else in AWS_REGION', async () => {
      const regions: (string | undefined)[] = [];
      for (const variables of [{}, ...provider.elsewhere]) {
        const [call] = await listCalls({ AWS_REGION: 'eu-north-1', ...variables });
        regions.push(/Credential=[^/]+\/\d+\/([^/]+)\//.exec(call?.headers.authorization ?? '')?.[1]);
      }
      expect(regions).toEqual([provider.ownRegion ?? 'eu-north-1', ...provider.elsewhere.map(() => 'eu-west-1')]);
    });
  });

  describe('names the agent', () => {
    const getName = (variables: Readonly<Record<string, string>>) => fixture.create(variables).memory.agent;

    it('alike for the same settings, and without its id or ARN', () => {
      expect(getName(provider.variables)).toBe(fixture.sut.memory.agent);
      expect(fixture.sut.memory.agent).toMatch(/^[a-z-]+-[\w-]{11}$/);
    });

    it('differently for another agent, another version of it, and another kind', () => {
      const names = [provider.variables, ...provider.others].map(getName);
      for (const other of PROVIDERS) {
        if (other !== provider) names.push(other.create(toSettings(other.variables)).memory.agent);
      }
      expect(new Set(names).size).toBe(names.length);
    });
  });
});

/** A provider without sessions must know that it has none. */
describe.each(PROVIDERS)('the memory of $name', (provider) => {
  const fixture = useProvider(provider);
  const { idleSeconds = 0, maxSeconds } = provider.memory ?? {};
  const { sessionId } = toRequest();

  /** The number of the turn within what the agent knows. */
  const countTurns = async (request = {}) => Number(/This is turn (\d+)/.exec(await fixture.ask(request))?.[1]);
  /** What the agent counts in the second turn of a session. */
  const second = provider.memory === undefined ? 1 : 2;

  it('is found by the id of the session, and is not of another session', async () => {
    await countTurns({ prompt: 'I like trams' });
    expect(await countTurns()).toBe(second);
    expect(await countTurns({ sessionId: `_${'b'.repeat(42)}` })).toBe(1);
  });

  it('lasts for the idle time, which the provider knows', async () => {
    expect(fixture.sut.memory.idleSeconds).toBe(idleSeconds);
    await countTurns();
    fixture.passTime(idleSeconds * 1000 - 1);
    expect(await countTurns()).toBe(second);
    fixture.passTime(idleSeconds * 1000);
    expect(await countTurns()).toBe(1);
  });

  it('lasts until the greatest age, which the provider knows', async () => {
    expect(fixture.sut.memory.maxSeconds).toBe(maxSeconds);
    await countTurns();
    const step = Math.max(0, idleSeconds - 1) * 1000;
    const steps = step === 0 ? 2 : Math.floor(((maxSeconds ?? 30_000) * 1000 - 1) / step);
    for (let turn = 2; turn <= steps + 1; turn += 1) {
      fixture.passTime(step);
      expect(await countTurns()).toBe(second === 1 ? 1 : turn);
    }
    fixture.passTime(step);
    const isEndless = second === 2 && maxSeconds === undefined;
    expect(await countTurns()).toBe(isEndless ? steps + 2 : 1);
  });

  it('takes its idle time from the settings, if it has one', () => {
    const sut = fixture.create({ AGENT_SESSION_TTL_SECONDS: '1234' });
    expect(sut.memory.idleSeconds).toBe(provider.memory === undefined ? 0 : 1234);
    sut.close();
  });

  it('is gone when the caller has ended the session', async () => {
    await countTurns();
    await fixture.sut.endSession(sessionId, NO_ABORT);
    expect(await countTurns()).toBe(1);
  });

  it('may be ended where there is none', async () => {
    await expect(fixture.sut.endSession(sessionId, NO_ABORT)).resolves.toBeUndefined();
  });

  it('is not ended once the signal has aborted', async () => {
    const ending = fixture.sut.endSession(sessionId, AbortSignal.abort(new Error('too late')));
    if (provider.memory !== undefined) await expect(ending).rejects.toThrow('too late');
    await ending.catch(() => undefined);
    expect(fixture.agent.invocations).toEqual([]);
  });
});
