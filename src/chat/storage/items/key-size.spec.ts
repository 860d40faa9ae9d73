import { describe, expect, it } from '@jest/globals';
import { USER_ID_MAX_BYTES } from '../../../auth/user.js';
import { toDayItem } from '../../../usage/usage-item.js';
import { listPossibleKeys } from './split-reply.js';
import { legacySortKey } from './legacy-messages.js';
import { turnKeyRange } from './turn-keys.js';

/** Longest sort key of DynamoDB, in UTF-8 bytes (Amazon DynamoDB Developer Guide, "Quotas"). */
const SORT_KEY_MAX_BYTES = 1024;
const LAST_TURN = 10 ** 12 - 1;
/** A name of legacy messages is 11 characters of base64url. */
const LEGACY_NAME = 'x'.repeat(11);

describe('the sort keys of the longest user id', () => {
  const user = 'x'.repeat(USER_ID_MAX_BYTES);

  it.each<[string, string[]]>([
    ['a turn and its continuations', listPossibleKeys(user, 'chat', LAST_TURN).map((key) => key.user_id)],
    ['legacy messages', [legacySortKey(user, LEGACY_NAME)]],
    ['a day of usage', [String(toDayItem(user, { day: '20300101', turns: 1 })['user_id'])]],
    ['a range', Object.values(turnKeyRange(user))],
  ])('fit into DynamoDB: %s', (_, sortKeys) => {
    for (const key of sortKeys) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(SORT_KEY_MAX_BYTES);
  });
});
