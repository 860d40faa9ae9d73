import { createHash } from 'node:crypto';

/** The namespace that name-based UUIDs need (RFC 9562, section 5.5): a random UUID of this service. */
const NAMESPACE = Buffer.from('5f0d5c0a6c1b4d0f9d2a3a1c7e84b2f6', 'hex');

/**
 * The id of the chat that an idempotency key opens: a UUID of version 5 (RFC 9562, section 5.5).
 * The same user and key give the same id, so a repeated first request finds the chat that it has opened.
 */
export function toKeyedChatId(userId: string, key: string): string {
  const hash = createHash('sha1')
    .update(NAMESPACE)
    .update(JSON.stringify([userId, key]))
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
