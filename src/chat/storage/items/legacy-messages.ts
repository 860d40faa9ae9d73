import { createHash } from 'node:crypto';
import type { ItemKey } from '../../../dynamodb/dynamo-table.js';
import type { Message, StoredTurn } from '../../model/chat.js';
import { toTurnIds } from '../../model/turn-ids.js';
import { turnSortKey } from './turn-keys.js';

/** What a head says about the messages of the original system. */
export interface LegacyHead extends ItemKey {
  /** The messages, as long as they fit into the head. */
  readonly messages?: unknown;
  /** The name of the item that `messages` were moved to. */
  readonly inline_item?: string;
}

/** A message as the original system stored it: without an id. */
type LegacyMessage = Pick<Message, 'role' | 'content'>;

/** The original system's messages as turns. The last turn has the number 0, earlier turns -1, -2 and so on. */
export function listLegacyTurns(chatId: string, messages: unknown): StoredTurn[] {
  if (!Array.isArray(messages)) return [];
  const turns = groupIntoTurns(messages.map(toMessage));
  return turns.map((turn, index) => {
    const number = index - turns.length + 1;
    const ids = toTurnIds(chatId, number);
    return { number, messages: turn.map((message) => ({ id: ids[message.role], ...message })) };
  });
}

/** Groups messages into turns: each user message starts a turn, and an assistant message follows it. */
export function groupIntoTurns(messages: readonly LegacyMessage[]): LegacyMessage[][] {
  const turns: LegacyMessage[][] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.[0]?.role === 'user' && message.role !== 'user' && last.length < 2) last.push(message);
    else turns.push([message]);
  }
  return turns;
}

/** The sort key of the item that legacy messages are moved to. It sorts before every turn. */
export function legacySortKey(userId: string, name: string): string {
  return `${turnSortKey(userId, 0)}#${name}`;
}

/** The name of the item that a head's messages were moved to, or would be. Undefined if the head never had any. */
export function findLegacyItemName({ messages, inline_item: name }: LegacyHead): string | undefined {
  return Array.isArray(messages) ? toLegacyItemName(messages) : name;
}

/** The key that a head's messages were moved to, or would be. A delete must cover a move that has not finished. */
export function listLegacyItemKeys(head: LegacyHead): ItemKey[] {
  const name = findLegacyItemName(head);
  return name === undefined ? [] : [{ id: head.id, user_id: legacySortKey(head.user_id, name) }];
}

/** A hash of the messages, so that a repeated move writes the same item again. */
export function toLegacyItemName(messages: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(messages)).digest('base64url').slice(0, 11);
}

function toMessage(entry: unknown): LegacyMessage {
  const message: { role?: unknown; content?: unknown } =
    typeof entry === 'object' && entry ? entry : { content: entry };
  const content = message.content ?? '';
  return {
    role: message.role === 'user' ? 'user' : 'assistant',
    content: typeof content === 'string' ? content : JSON.stringify(content),
  };
}
