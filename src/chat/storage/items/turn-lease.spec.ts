import { describe, expect, it } from '@jest/globals';
import { TurnInProgressError } from '../../model/chat.errors.js';
import type { OpenTurn } from './head-item.js';
import { isLeaseLive, requireLeaseExpired, toOpenTurn } from './turn-lease.js';

const endingIn = (milliseconds: number): OpenTurn => ({
  lease: 'lease',
  until: Date.now() + milliseconds,
  prompt: 'Plan a weekend',
  at: '2026-01-01T00:00:00.000Z',
});

describe('a lease', () => {
  it('ends 15 seconds after the deadline of its turn', () => {
    const deadline = Date.now() + 60_000;
    expect(toOpenTurn('Plan a weekend', deadline).until).toBe(deadline + 15_000);
  });

  it('is unique', () => {
    expect(toOpenTurn('one', 0).lease).not.toBe(toOpenTurn('one', 0).lease);
  });

  it('is live until it ends', () => {
    expect(isLeaseLive(endingIn(10_000))).toBe(true);
    expect(isLeaseLive(endingIn(-1))).toBe(false);
  });

  it.each([
    [1_500, 2],
    [3_600_000, 5],
  ])('with %i ms left refuses another turn, with Retry-After: %i', (milliseconds, seconds) => {
    const open = endingIn(milliseconds);
    expect(() => requireLeaseExpired(open)).toThrow(TurnInProgressError);
    expect(() => requireLeaseExpired(open)).toThrow(expect.objectContaining({ retryAfterSeconds: seconds }));
  });

  it('lets another turn begin after its end', () => {
    expect(() => requireLeaseExpired(endingIn(-1))).not.toThrow();
  });
});
