import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toKeyAttribute } from '../../src/chat/storage/items/remembered-keys.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead, readItems, readRemains } from '../support/chat-items.js';
import { collectErrorLines } from '../support/error-lines.js';
import { replaceByTableWithoutIndex } from '../support/table-without-index.js';

const KEY = 'key';
const AT = '2024-05-01T10:00:00.123Z';
const OLD = [
  { role: 'user', content: 'Where were we?' },
  { role: 'assistant', content: 'At the beginning.' },
];
const TURN = { prompt: 'one', answer: 're one', status: 'done', lease: 'l', at: AT, done_at: AT };
/** The attributes that this service reads. */
const HEAD_NAMES = [
  ...['turns', 'open', 'session', 'title', 'created_at', 'updated_at', 'ended_at', 'deleted_at', 'expires_at'],
  ...['messages', 'History', 'inline_item', toKeyAttribute(KEY)],
];
const TURN_NAMES = [...Object.keys(TURN), 'parts', 'citations', 'reason', 'usage', 'deleted_at', 'expires_at', 'text'];

type Attributes = Readonly<Record<string, unknown>>;
type Shown = readonly (readonly [role: string, content: string])[];

const digits = fc.stringMatching(/^-?[1-9]\d{0,37}$/).map((text) => NumberValue.from(text));
const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    AT,
    '2024-05-01 10:00:00.123456',
    '9999-12-31',
    '1714557600',
    'done',
    'failed',
    JSON.stringify(OLD),
    '[]',
  ),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.integer({ min: -2, max: 3 }),
  fc.double({ min: -9e15, max: 9e15, noNaN: true }).filter((number) => Math.abs(number) > 1e-100),
  fc.constantFrom(1_714_557_600, 1_714_557_600_123, 1e12),
  digits,
);
const bytes = fc.uint8Array({ maxLength: 8 });
const scalars = fc.oneof(texts, numbers, fc.boolean(), fc.constant(null), bytes);
const sets = fc.oneof(
  fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }).map((all) => new Set(all)),
  fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 3 }).map((all) => new Set(all)),
);
/** Maps with the names that ours have, so that some are almost right. */
const members = fc.constantFrom(
  ...[
    'lease',
    'until',
    'prompt',
    'at',
    'gen',
    'since',
    'agent',
    'role',
    'type',
    'content',
    'text',
    'data',
    'in',
    'out',
    'title',
    'uri',
  ],
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    sets,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(members, tie('value'), { maxKeys: 5 }),
  ),
}));
const deadLease = fc.record({ lease: texts, until: fc.constantFrom(1, 9e15, -1), prompt: texts, at: texts });
const attributes = (names: readonly string[]): fc.Arbitrary<Attributes> =>
  fc.dictionary(fc.constantFrom(...names), fc.oneof({ weight: 6, arbitrary: value }, deadLease), {
    minKeys: 0,
    maxKeys: 3,
  });

const isText = (written: unknown): written is string => typeof written === 'string';
const isPast = (written: unknown) =>
  (typeof written === 'number' || written instanceof NumberValue) && Number(written) < Date.now() / 1000;
const isEmpty = (written: unknown) =>
  written === null ||
  written === undefined ||
  written === '' ||
  written === '[]' ||
  (Array.isArray(written) && written.length === 0);
const isOld = (written: unknown) => written === JSON.stringify(OLD) || written === OLD;

/** What a chat must show. Undefined if one of its values has no clear meaning. */
function expectedHistory(head: Attributes, turn: Attributes): Shown | undefined {
  const { messages = OLD, History } = { ...head };
  const old = [messages, History].filter((written) => !isEmpty(written));
  if (old.length > 1 || !old.every(isOld)) return undefined;
  const shown = old.length > 0 ? OLD.map(({ role, content }) => [role, content] as const) : [];
  const { prompt, answer, status, expires_at: expiry } = { ...TURN, ...turn } as Attributes;
  if (isPast(expiry)) return shown;
  if (!isText(prompt) || !isText(status) || !['done', 'failed'].includes(status)) return undefined;
  if (status === 'failed') return [...shown, ['user', prompt]];
  return isText(answer) ? [...shown, ['user', prompt], ['assistant', answer]] : undefined;
}

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

  it('hide nothing, lock nothing and survive no delete', async () => {
    await fc.assert(
      fc.asyncProperty(attributes(HEAD_NAMES), attributes(TURN_NAMES), async (head, turn) => {
        const id = await put(head, turn);
        const others = await readOthers(id);
        if (head['deleted_at'] || isPast(head['expires_at'])) {
          await app.read(id).expect(404);
          await app.chat({ prompt: 'two', chat_id: id }).expect(404);
        } else {
          const expected = expectedHistory(head, turn);
          expect(withoutOpen(await read(id), head)).toEqual(expected);
          const { status } = await app.chat({ prompt: 'two', chat_id: id }, 'alice', { 'idempotency-key': KEY });
          expect([200, 500]).toContain(status);
          const stored = await readHead(app, id);
          expect(stored).not.toHaveProperty('open');
          if (status === 200 && expected) expect((await read(id))?.at(-2)).toEqual(['user', 'two']);
        }
        await app.remove(id).expect(isPast(head['expires_at']) ? 404 : 204);
        if (!isPast(head['expires_at']))
          expect((await readRemains(app, id)).filter(({ user_id: key }) => key.startsWith('alice'))).toEqual([]);
        expect(await readOthers(id)).toEqual(others);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 120_000);
});
