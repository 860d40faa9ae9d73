import { NumberValue } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { toKeyAttribute } from '../../src/chat/storage/items/remembered-keys.js';

export const KEY = 'key';
const AT = '2024-05-01T10:00:00.123Z';
export const OLD = [
  { role: 'user', content: 'Where were we?' },
  { role: 'assistant', content: 'At the beginning.' },
];
export const TURN = { prompt: 'one', answer: 're one', status: 'done', lease: 'l', at: AT, done_at: AT };
/** The attributes that this service reads. */
const HEAD_NAMES = ['turns', 'open', 'session', 'title', 'created_at', 'updated_at', 'ended_at', 'deleted_at'].concat([
  'expires_at',
  'messages',
  'History',
  'inline_item',
  toKeyAttribute(KEY),
]);
const TURN_NAMES = Object.keys(TURN).concat([
  'parts',
  'citations',
  'reason',
  'usage',
  'deleted_at',
  'expires_at',
  'text',
]);

export type Attributes = Readonly<Record<string, unknown>>;
export type Shown = readonly (readonly [role: string, content: string])[];

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
  ...'lease until prompt at gen since agent role type content text data in out title uri'.split(' '),
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
/** Up to three of these attributes, with any values. */
const attributes = (names: readonly string[]): fc.Arbitrary<Attributes> =>
  fc.dictionary(fc.constantFrom(...names), fc.oneof({ weight: 6, arbitrary: value }, deadLease), {
    minKeys: 0,
    maxKeys: 3,
  });

export const headAttributes = attributes(HEAD_NAMES);
export const turnAttributes = attributes(TURN_NAMES);

const isText = (written: unknown): written is string => typeof written === 'string';
export const isPast = (written: unknown) =>
  (typeof written === 'number' || written instanceof NumberValue) && Number(written) < Date.now() / 1000;
const isOne = (written: unknown) => written === 1 || (written instanceof NumberValue && Number(written) === 1);
const isEmpty = (written: unknown) =>
  written === null ||
  written === undefined ||
  written === '' ||
  written === '[]' ||
  (Array.isArray(written) && written.length === 0);
const isOld = (written: unknown) => written === JSON.stringify(OLD) || written === OLD;

/** What a chat must show. Undefined if one of its values has no clear meaning. */
export function expectedHistory(head: Attributes, turn: Attributes): Shown | undefined {
  const { messages = OLD, History } = { ...head };
  const old = [messages, History].filter((written) => !isEmpty(written));
  if (old.length > 1 || !old.every(isOld)) return undefined;
  const shown = old.length > 0 ? OLD.map(({ role, content }) => [role, content] as const) : [];
  const own = expectedTurn(turn);
  return own && [...shown, ...own];
}

/** The status of a second turn with the key. */
export function expectedStatus(head: Attributes, turn: Attributes): number {
  const { open, turns = 1, [toKeyAttribute(KEY)]: number } = head;
  const { lease, prompt } = Object(open) as Attributes;
  if (isOne(number)) {
    // Our key by chance, and used with another prompt: by the turn that holds the chat, or by a stored one.
    if (isOne(turns) && isText(lease) && isText(prompt)) return 422;
    const stored = expectedTurn(turn);
    if (stored?.length !== 0) return stored ? 422 : 500;
  }
  return expectedHistory(head, turn) ? 200 : 500;
}

/** What the stored turn says: nothing if it has expired, undefined if it has no clear meaning. */
function expectedTurn(turn: Attributes): Shown | undefined {
  const { prompt, answer, status, expires_at: expiry } = { ...TURN, ...turn } as Attributes;
  if (isPast(expiry)) return [];
  if (!isText(prompt) || !isText(status) || !['done', 'failed'].includes(status)) return undefined;
  if (status === 'failed') return [['user', prompt]];
  return isText(answer)
    ? [
        ['user', prompt],
        ['assistant', answer],
      ]
    : undefined;
}
