const SECONDS_PER_DAY = 24 * 60 * 60;

/** The attribute `expires_at`, in epoch seconds, of an item that is written now. */
export function toExpiry(days: number): { expires_at?: number } {
  return days > 0 ? { expires_at: nowInSeconds() + days * SECONDS_PER_DAY } : {};
}

/** Whether an item has expired. DynamoDB removes those when it gets to it, within days. */
export function isExpired({ expires_at: expiresAt }: { readonly expires_at?: unknown }): boolean {
  return typeof expiresAt === 'number' && expiresAt <= nowInSeconds();
}

/** A time in epoch milliseconds as epoch seconds, DynamoDB's unit for expiry. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function nowInSeconds(): number {
  return toSeconds(Date.now());
}
