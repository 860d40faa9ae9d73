import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead, readItems, readRemains } from '../support/chat-items.js';
import { collectErrorLines } from '../support/error-lines.js';
import {
  type Attributes,
  expectedHistory,
  expectedStatus,
  headAttributes,
  isPast,
  KEY,
  OLD,
  type Shown,
  TURN,
  turnAttributes,
} from '../support/foreign-values.js';
import { replaceByTableWithoutIndex } from '../support/table-without-index.js';

/** `TEST_RUNS=1000` runs more. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 15);

describe('any values under the names of our attributes', () => {
  const errors = collectErrorLines();
  let app: ChatApp;
  let chats = 0;
  beforeAll(async () => {
    app = await startChatApp();
    await replaceByTableWithoutIndex(app);
  });
  afterAll(() => app.close());

  /** Puts a chat with a turn and these values, and the same chat of another user. @returns its id. */
  async function put(head: Attributes, turn: Attributes): Promise<string> {
    const id = `v-${(chats += 1)}`;
    for (const user of ['alice', 'bob']) {
      const foreign = user === 'alice' ? { head, turn } : {};
      await putItem(app, { ...originalChat(id, OLD), turns: 1, ...foreign.head, id, user_id: user });
      await putItem(app, { ...TURN, ...foreign.turn, id, user_id: turnSortKey(user, 1) });
    }
    return id;
  }
  const readOthers = async (id: string) =>
    (await readItems(app, id)).filter(({ user_id: key }) => key.startsWith('bob'));

  /** Reads the chat. An error is logged once. @returns its history, or undefined for a 500. */
  async function read(id: string): Promise<Shown | undefined> {
    errors.splice(0);
    const { status, body } = await app.read(id).set('x-request-id', 'r1');
    if (status === 200) {
      expect(errors).toEqual([]);
      for (const time of [body.chat.created_at, body.chat.updated_at])
        expect(Date.parse(time)).toBeGreaterThan(Date.UTC(1971));
      return body.chat.messages.map(({ role, content }: { role: string; content: string }) => [role, content]);
    }
    expect({ status, body }).toEqual({
      status: 500,
      body: { error: 'Internal server error', message: 'Report this; request id r1' },
    });
    expect(errors).toMatchObject([{ message: { error: { name: 'UnreadableItemError', item: { chat: id } } } }]);
    return undefined;
  }

  /** The history without the turn of a lease that another system holds. */
  const withoutOpen = (shown: Shown | undefined, { open }: Attributes): Shown | undefined => {
    const { prompt } = Object(open) as { prompt?: unknown };
    const index =
      shown?.findIndex(([role, content]) => role === 'user' && content === prompt && content !== TURN.prompt) ?? -1;
    return index < 0 ? shown : shown?.toSpliced(index, 1);
  };

  it(
    'hide nothing, lock nothing and survive no delete',
    async () => {
      await fc.assert(
        fc.asyncProperty(headAttributes, turnAttributes, async (head, turn) => {
          const id = await put(head, turn);
          const others = await readOthers(id);
          if (head['deleted_at'] || isPast(head['expires_at'])) {
            await app.read(id).expect(404);
            await app.chat({ prompt: 'two', chat_id: id }).expect(404);
          } else {
            const expected = expectedHistory(head, turn);
            expect(withoutOpen(await read(id), head)).toEqual(expected);
            const { status } = await app.chat({ prompt: 'two', chat_id: id }, 'alice', { 'idempotency-key': KEY });
            expect(status).toBe(expectedStatus(head, turn));
            // A key that is refused leaves the chat as it was.
            if (status === 200) expect(await readHead(app, id)).not.toHaveProperty('open');
            const added =
              status === 200
                ? [
                    ['user', 'two'],
                    ['assistant', expect.stringContaining('two')],
                  ]
                : [];
            expect(withoutOpen(await read(id), head)).toEqual(expected && [...expected, ...added]);
          }
          await app.remove(id).expect(isPast(head['expires_at']) ? 404 : 204);
          if (!isPast(head['expires_at']))
            expect((await readRemains(app, id)).filter(({ user_id: key }) => key.startsWith('alice'))).toEqual([]);
          expect(await readOthers(id)).toEqual(others);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    RUNS * 8_000,
  );
});
