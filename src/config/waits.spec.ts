import { describe, expect, it } from '@jest/globals';
import * as waits from './waits.js';

/** A reply has at most 1 MB, so its turn has at most four items. A partition takes 1,024 bytes a millisecond. */
const LARGEST_TURN = { items: 4, pacing: 1_000_000 / 1_024 };
/** A call to a table that is slow, and responds in time. */
const SLOW_CALL = 1_100;

describe('the waits of the service', () => {
  it('end a begin whose table hangs within 5 s, its read included', () => {
    // A begin that is refused after a first try that hangs is followed by one read that hangs.
    expect(waits.TABLE_TRY + waits.TABLE_CALL).toBeLessThan(waits.BEGIN_LIMIT);
    expect(waits.BEGIN_LIMIT).toBeLessThan(5_000);
  });

  it('give the caller of a whole response its error before the gateway gives up', () => {
    const told = waits.BUFFERED_TURN + waits.STORE_AFTER_DEADLINE + waits.LAST_WRITE;
    expect(told).toBeLessThan(waits.GATEWAY_TIMEOUT);
    // One try that hangs may be followed by one that is answered.
    expect(waits.STORE_AFTER_DEADLINE).toBeGreaterThan(waits.TABLE_TRY + 500);
  });

  it('leave the host time for the last write and the response', () => {
    expect(waits.AFTER_DEADLINE).toBe(waits.STORE_AFTER_DEADLINE + waits.AFTER_STORING);
    expect(waits.AFTER_STORING).toBeGreaterThan(waits.LAST_WRITE);
  });

  it('store a turn while it holds its lease, and leave time to renew it', () => {
    expect(waits.LEASE_MARGIN).toBeGreaterThan(waits.AFTER_DEADLINE + waits.TABLE_CALL);
    // By a clock that is ahead, the lease ends earlier.
    expect(waits.RENEW_BEFORE_END).toBeGreaterThanOrEqual(waits.LEASE_MARGIN);
    expect(waits.RENEW_BEFORE_END).toBeGreaterThan(waits.TABLE_CALL);
    expect(waits.LEASE_RENEWAL).toBeGreaterThan(waits.RENEW_BEFORE_END);
  });

  it('repeat a call to the table before a renewal, and within the lease', () => {
    expect(waits.REPEAT_PAUSES.longest).toBeLessThan(waits.RENEW_BEFORE_END);
    expect(waits.LEASE_MARGIN).toBeGreaterThan(waits.REPEAT_PAUSES.longest + waits.TABLE_CALL);
  });

  it('end every turn of a slow table after SIGTERM: first its agent, then its writes, then its stream', () => {
    const { items, pacing } = LARGEST_TURN;
    expect(waits.SHUTDOWN_STORING).toBeGreaterThan(items * SLOW_CALL + pacing + SLOW_CALL);
    expect(waits.SHUTDOWN_STORING).toBeGreaterThan(3 * waits.TABLE_CALL);
    const stored = waits.SHUTDOWN_TURNS + waits.SHUTDOWN_STORING + waits.LAST_WRITE;
    expect(waits.SHUTDOWN_CONNECTIONS).toBeGreaterThan(stored);
    expect(waits.SHUTDOWN_TURNS).toBeGreaterThan(5_000);
  });

  it('end the process well before it is killed', () => {
    expect(waits.KILL_TIMEOUT - waits.SHUTDOWN_CONNECTIONS).toBeGreaterThanOrEqual(5_000);
  });
});
