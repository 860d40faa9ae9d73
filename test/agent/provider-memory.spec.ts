import { describe, expect, it } from '@jest/globals';
import { PROVIDERS } from '../support/agent-providers.js';
import { NO_ABORT, toRequest, useProvider } from '../support/provider-fixture.js';

/** The same list of cases for every provider. A provider without sessions must know that it has none. */
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
