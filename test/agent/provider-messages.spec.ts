import { describe, expect, it } from '@jest/globals';
import { PROVIDERS } from '../support/agent-providers.js';
import { MESSAGE_FAULTS } from '../support/provider-faults.js';
import { joinTexts, useProvider } from '../support/provider-fixture.js';

/** What streams of messages have beside the cases of every provider. */
describe.each(PROVIDERS.filter(({ hasMessages }) => hasMessages))('the messages of $name', (provider) => {
  const fixture = useProvider(provider);

  describe.each(MESSAGE_FAULTS)('fail without an end %s', (_place, faults, stored) => {
    it.each(faults)('%s', async (_words, behaviour, expected) => {
      fixture.agent.enqueue(behaviour);
      const { events, error } = await fixture.collectFailure();
      expect(error).toBeInstanceOf(expected);
      expect(fixture.agent.invocations).toHaveLength(1);
      expect(events.some(({ type }) => type === 'end')).toBe(false);
      expect(joinTexts(events) === '').toBe(stored === 'failed');
    });
  });

  it('become one reply over rounds of tools: the texts of the assistant alone, with blank lines', async () => {
    fixture.agent.enqueue({ type: 'tool-rounds', rounds: 2 });
    const events = await fixture.collect();
    expect(joinTexts(events)).toMatch(/^Round 1: I look it up\.\n\nRound 2: I look it up\.\n\nYou said “hello”/);
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'stop' });
  });

  it('have the usage that was told before they broke off', async () => {
    fixture.agent.enqueue({ type: 'stop-reason', reason: 'tool_use' });
    const { events } = await fixture.collectFailure();
    expect(events.filter(({ type }) => type === 'usage')).toHaveLength(1);
  });

  it.each([
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content-filter'],
    ['a_new_reason', 'other'],
  ])('end for the reason %s as %s', async (stopReason, reason) => {
    fixture.agent.enqueue({ type: 'stop-reason', reason: stopReason });
    expect((await fixture.collect()).at(-1)).toEqual({ type: 'end', reason });
  });
});
