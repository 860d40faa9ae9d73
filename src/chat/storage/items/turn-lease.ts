import { randomUUID } from 'node:crypto';
import { LEASE_MARGIN } from '../../../config/waits.js';
import type { Condition } from '../../../dynamodb/update-expression.js';
import type { TurnOutcome } from '../../model/chat.js';
import { TurnInProgressError } from '../../model/chat.errors.js';
import type { OpenTurn } from './head-item.js';

/** Longest Retry-After, in seconds: most turns end long before their lease does. */
const RETRY_AFTER_MAX_SECONDS = 5;

/** A lease that ends later than this is of a broken clock or of another system. It would hold the chat for ever. */
const CREDIBLE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** The condition that an item belongs to this run of a turn. `:lease` is the turn's lease. */
export const OWNED_BY_LEASE = 'lease = :lease';

/**
 * Gives a turn its lease.
 *
 * @param deadline - epoch milliseconds by which the turn will have ended.
 */
export function toOpenTurn(prompt: string, deadline: number, lease: string = randomUUID()): OpenTurn {
  return {
    lease,
    until: deadline + LEASE_MARGIN,
    prompt,
    at: new Date().toISOString(),
  };
}

/** The condition that the turn with this lease still holds the chat. */
export function whileChatIsHeldBy(lease: string): Condition {
  return { expression: '#open.lease = :lease', names: { '#open': 'open' }, values: { ':lease': lease } };
}

/**
 * The condition that an item belongs to this run of a turn, and may be replaced by another end of the turn. The first end
 * stands: no other end replaces a stop, and no stop replaces a reply.
 */
export function whileEndMayReplace(status: TurnOutcome['status']): Condition {
  const names = { '#status': 'status' };
  if (status !== 'stopped') {
    return { expression: `${OWNED_BY_LEASE} AND #status <> :stopped`, names, values: { ':stopped': 'stopped' } };
  }
  const expression = `${OWNED_BY_LEASE} AND #status IN (:failed, :stopped)`;
  return { expression, names, values: { ':failed': 'failed', ':stopped': 'stopped' } };
}

/** Whether the turn may still be running. */
export function isLeaseLive({ until }: OpenTurn): boolean {
  const left = until - Date.now();
  return left > 0 && left < CREDIBLE_MILLISECONDS;
}

/** @throws TurnInProgressError while the turn may still be running. */
export function requireLeaseExpired(open: OpenTurn): void {
  const secondsLeft = Math.ceil((open.until - Date.now()) / 1000);
  if (isLeaseLive(open)) throw new TurnInProgressError(Math.min(RETRY_AFTER_MAX_SECONDS, secondsLeft));
}
