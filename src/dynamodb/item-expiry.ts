import { toNumber } from './exact-number.js';

const SECONDS_PER_DAY = 24 * 60 * 60;
/** A write may arrive this long after it was sent. Until then, the item that refuses it must not expire. */
export const LATE_WRITE_MILLISECONDS = 60 * 60 * 1_000;

/** The attribute `expires_at`, in epoch seconds, of an item written now. Zero days never expire. */
export function toExpiry(days: number): { expires_at?: number } {
  return days > 0 ? { expires_at: nowInSeconds() + days * SECONDS_PER_DAY } : {};
}

/**
 * Whether an item has expired. DynamoDB removes expired items within days. As there, only a number is a time.
 *
 * @param since - milliseconds for which it must have been expired.
 */
export function isExpired({ expires_at: expiresAt }: { readonly expires_at?: unknown }, since = 0): boolean {
  return (toNumber(expiresAt) ?? Infinity) <= toSeconds(Date.now() - since);
}

/** Converts epoch milliseconds to epoch seconds, DynamoDB's unit for expiry. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function nowInSeconds(): number {
  return toSeconds(Date.now());
}
