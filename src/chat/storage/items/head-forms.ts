import type { Item } from '../../../dynamodb/dynamo-table.js';
import { toNumber } from '../../../dynamodb/exact-number.js';
import type { Condition } from '../../../dynamodb/update-expression.js';
import { isRangeText } from './hidden-turns.js';
import { KEY_ATTRIBUTE } from './remembered-keys.js';
import { toIsoTime } from './stored-times.js';
import { LARGEST_COUNT } from './turn-keys.js';

/**
 * Whether an attribute of a head has the form that this service writes. Other systems use the same names for other
 * things, such as `open: true`.
 */
const FORMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  turns: isTurnNumber,
  open: (value) =>
    hasMembers(value, {
      lease: isText,
      until: isNumber,
      prompt: isText,
      at: isText,
      stop: isTrueOrAbsent,
      replaces: isIntegerOrAbsent,
    }),
  session: (value) =>
    hasMembers(value, {
      gen: isText,
      at: isText,
      since: isTextOrAbsent,
      agent: isTextOrAbsent,
      attributes: isTextsOrAbsent,
    }),
  // Other systems say by null or false that an item is not deleted.
  deleted_at: Boolean,
  expires_at: (value) => toNumber(value) !== undefined,
  inline_item: isText,
  hidden: isRangeText,
};

/** The item without attributes that another system has written under our names. */
export function omitForeignAttributes(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name, value]) => !isForeign(name, value)));
}

/**
 * The changes after which turns can begin and end: foreign attributes are removed, and `updated_at` becomes the text
 * that the index needs.
 */
export function listRepairs(item: Item): Readonly<Record<string, unknown>> {
  const foreign = Object.entries(item).filter(([name, value]) => isForeign(name, value));
  const repairs = Object.fromEntries(foreign.map(([name]) => [name, null]));
  const { updated_at: time } = item;
  return time === undefined || isText(time) ? repairs : { ...repairs, updated_at: toIsoTime(time) ?? null };
}

/** The condition that no turn and no delete has changed the head since it was read. Both write a text there. */
export function whileHeadIsAsRead({ open, ended_at: endedAt, deleted_at: deletedAt }: Item): Condition {
  const { lease } = Object(open) as { lease?: unknown };
  const seen = Object.entries({ '#open.lease': lease, ended_at: endedAt, deleted_at: deletedAt });
  const conditions = seen.map(([path, value], index) =>
    isText(value) ? `${path} = :seen${index}` : `NOT attribute_type(${path}, :seen${index})`,
  );
  return {
    expression: ['attribute_exists(id)', ...conditions].join(' AND '),
    names: { '#open': 'open' },
    values: Object.fromEntries(seen.map(([, value], index) => [`:seen${index}`, isText(value) ? value : 'S'])),
  };
}

function isForeign(name: string, value: unknown): boolean {
  const hasForm = KEY_ATTRIBUTE.test(name) ? isNumber : FORMS[name];
  return hasForm?.(value) === false;
}

function hasMembers(value: unknown, members: Readonly<Record<string, (member: unknown) => boolean>>): boolean {
  const found = Object(value) as Readonly<Record<string, unknown>>;
  return Object.entries(members).every(([name, hasForm]) => hasForm(found[name]));
}

function isTurnNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && isNumber(value) && value >= 0 && value <= LARGEST_COUNT;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTrueOrAbsent(value: unknown): boolean {
  return value === undefined || value === true;
}

function isIntegerOrAbsent(value: unknown): boolean {
  return value === undefined || Number.isSafeInteger(value);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || isText(value);
}

function isTextsOrAbsent(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isText));
}
