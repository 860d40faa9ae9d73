import { createHash } from 'node:crypto';
import { UnreadableItemError } from '../../../common/storage.errors.js';
import type { ItemKey } from '../../../dynamodb/dynamo-table.js';
import type { StoredTurn } from '../../model/chat.js';
import type { LegacyMessages } from '../../model/turn.js';
import { toTurnIds } from '../../model/turn-ids.js';
import { type ForeignMessage, readForeignMessages, UnclearValueError } from './foreign-message.js';
import { turnSortKey } from './turn-keys.js';

/** Where messages are: in the original system's attribute, or in the attribute of LangChain for Python. */
const ATTRIBUTES = ['messages', 'History'] as const;

/** What a head says about the messages of the original system. */
export interface LegacyHead extends ItemKey, LegacyMessages {
  /** The name of the item that the messages were moved to. */
  readonly inline_item?: string;
}

/**
 * The original system's messages as turns. The last turn has the number 0, earlier turns -1, -2 and so on.
 *
 * @throws UnreadableItemError
 */
export function listLegacyTurns(chatId: string, legacy: LegacyMessages): StoredTurn[] {
  const turns = groupIntoTurns(readMessages(chatId, legacy));
  return turns.map((turn, index) => {
    const number = index - turns.length + 1;
    const ids = toTurnIds(chatId, number);
    return { number, messages: turn.map((message) => ({ id: ids[message.role], ...message })) };
  });
}

/** Groups messages into turns: each user message starts a turn, and an assistant message follows it. */
export function groupIntoTurns(messages: readonly ForeignMessage[]): ForeignMessage[][] {
  const turns: ForeignMessage[][] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.[0]?.role === 'user' && message.role !== 'user' && last.length < 2) last.push(message);
    else turns.push([message]);
  }
  return turns;
}

/** The text of the first message, or `''` if there is none, or none that can be read. */
export function findFirstText(chatId: string, legacy: LegacyMessages): string {
  try {
    return readMessages(chatId, legacy)[0]?.content ?? '';
  } catch {
    return '';
  }
}

/** The attributes with messages that an item has. */
export function pickLegacyMessages(item: LegacyMessages): LegacyMessages {
  const found = ATTRIBUTES.filter((name) => item[name] !== undefined && item[name] !== null);
  return Object.fromEntries(found.map((name) => [name, item[name]]));
}

/** Whether an item has attributes with messages. */
export function hasLegacyMessages(item: LegacyMessages): boolean {
  return Object.keys(pickLegacyMessages(item)).length > 0;
}

/** The sort key of the item that legacy messages are moved to. It sorts before every turn. */
export function legacySortKey(userId: string, name: string): string {
  return `${turnSortKey(userId, 0)}#${name}`;
}

/** The name of the item that a head's messages were moved to, or would be. Undefined if the head never had any. */
export function findLegacyItemName(head: LegacyHead): string | undefined {
  return hasLegacyMessages(head) ? toLegacyItemName(head) : head.inline_item;
}

/** The key that a head's messages were moved to, or would be. A delete must cover a move that has not finished. */
export function listLegacyItemKeys(head: LegacyHead): ItemKey[] {
  const name = findLegacyItemName(head);
  return name === undefined ? [] : [{ id: head.id, user_id: legacySortKey(head.user_id, name) }];
}

/** A hash of the messages, so that a repeated move writes the same item again. */
export function toLegacyItemName(legacy: LegacyMessages): string {
  const text = JSON.stringify(legacy.messages ?? legacy.History);
  return createHash('sha256').update(text).digest('base64url').slice(0, 11);
}

/** @throws UnreadableItemError */
function readMessages(chatId: string, legacy: LegacyMessages): ForeignMessage[] {
  const lists = ATTRIBUTES.map((attribute) => readAttribute(chatId, attribute, legacy[attribute]));
  const [messages = [], ...others] = lists.filter((list) => list.length > 0);
  // Nobody can tell which of two histories comes first.
  if (others.length > 0) throw new UnreadableItemError({ chat: chatId, part: 'head', attribute: ATTRIBUTES.join() });
  return messages;
}

function readAttribute(chatId: string, attribute: string, value: unknown): ForeignMessage[] {
  try {
    return readForeignMessages(value);
  } catch (error) {
    if (!(error instanceof UnclearValueError)) throw error;
    throw new UnreadableItemError({ chat: chatId, part: 'head', attribute: attribute + error.path });
  }
}
