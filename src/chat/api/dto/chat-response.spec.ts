import { describe, expect, it } from '@jest/globals';
import type { StoredTurn } from '../../model/chat.js';
import { toMessagePage } from '../../model/chat-page.js';
import { takeNewestPage } from '../../model/history-page.js';
import { toTurnIds } from '../../model/turn-ids.js';
import { toMessagePageResponse } from './chat-response.js';

/** The longest id of a chat. */
const ids = toTurnIds('x'.repeat(128), 999_999_999_999);
/** The largest setting of CHAT_HISTORY_LIMIT. */
const MOST_MESSAGES = 1_000;
const createdAt = '2026-01-01T00:00:00.000Z';

const createTurn = (number: number, bytes: number): StoredTurn => ({
  number,
  messages: [
    { id: ids.user, role: 'user', content: 'x'.repeat(bytes), createdAt },
    {
      id: ids.assistant,
      role: 'assistant',
      content: 'y',
      createdAt,
      citations: [{ uri: 'https://example.com', start: 1, end: 2 }],
    },
  ],
});

describe('toMessagePageResponse', () => {
  it.each([1_000, 2_900, 3_500, 700_000])(
    'has at most 1.5 MB of messages as JSON, however large they are: %i bytes each',
    async (bytes) => {
      const turns = Array.from({ length: MOST_MESSAGES }, (_, index) => createTurn(MOST_MESSAGES - index, bytes));
      const page = toMessagePage(await takeNewestPage(turns, MOST_MESSAGES));
      const { messages } = toMessagePageResponse('alice', 'chat', page);
      expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(1_500_000);
      expect(page.olderThan).toBeDefined();
    },
  );

  it('uses most of the 1.5 MB', async () => {
    const turns = Array.from({ length: MOST_MESSAGES }, (_, index) => createTurn(MOST_MESSAGES - index, 3_500));
    const page = toMessagePage(await takeNewestPage(turns, MOST_MESSAGES));
    const { messages } = toMessagePageResponse('alice', 'chat', page);
    expect(JSON.stringify(messages).length).toBeGreaterThan(1_480_000);
  });

  it('has a cursor only if there are older turns', () => {
    expect(toMessagePageResponse('alice', 'chat', { messages: [] })).toEqual({ messages: [] });
    expect(toMessagePageResponse('alice', 'chat', { messages: [], olderThan: 0 })).toHaveProperty('next_cursor');
  });
});
