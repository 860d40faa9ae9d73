import type { Item, ItemKey } from '../../../dynamodb/dynamo-table.js';
import { isExpired } from '../../../dynamodb/item-expiry.js';
import type { Condition } from '../../../dynamodb/update-expression.js';
import type { ChatSummary } from '../../model/chat.js';
import { ChatNotFoundError } from '../../model/chat.errors.js';
import { toTitle } from '../../model/title.js';
import type { KnownTurns, StoredChat } from '../../model/turn.js';
import { omitForeignAttributes } from './head-forms.js';
import { toRanges } from './hidden-turns.js';
import { findFirstText, type LegacyHead, pickLegacyMessages } from './legacy-messages.js';
import type { KeyAttribute } from './remembered-keys.js';
import { toIsoTime } from './stored-times.js';

/** The head's attribute `open`: the turn that holds the chat. Begin writes it, release removes it. */
export interface OpenTurn {
  /** Random and unique to this run of the turn. */
  readonly lease: string;
  /** Epoch milliseconds. After this time the turn counts as dead. */
  readonly until: number;
  readonly prompt: string;
  /** ISO 8601 UTC: when the turn began. */
  readonly at: string;
  /** A user has told the turn to stop. */
  readonly stop?: true;
  /** The turn replaces the turns from this number on, once it has an answer. */
  readonly replaces?: number;
}

/** The head's attribute `session`: the agent's session. Times are ISO 8601 UTC. Older data has `gen` and `at` alone. */
export interface SessionAttribute {
  readonly gen: string;
  /** When it was last used. */
  readonly at: string;
  /** When it was opened. */
  readonly since?: string;
  /** The name of the agent. */
  readonly agent?: string;
  /** Names of the user's attributes that the agent has; absent if it has none. */
  readonly attributes?: readonly string[];
}

/** The head of a chat: one item at `{id, user_id}`. Items of the original system have no optional attributes. */
export interface HeadItem extends LegacyHead {
  readonly title?: unknown;
  /** Random, new with each rename. Without it the title comes from the first prompt. */
  readonly title_id?: string;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  /**
   * ISO 8601 UTC: when the newest turn ended or was recovered; later than all ends before it.
   * It is in no index, so it costs no extra write. Older data lacks it, and `updated_at` serves instead.
   */
  readonly ended_at?: unknown;
  /** The number of the newest turn. */
  readonly turns?: number;
  readonly open?: OpenTurn;
  readonly session?: SessionAttribute;
  /** Turns that were replaced, as `hidden-turns.ts` writes them. Others are marked on their items. */
  readonly hidden?: string;
  /** ISO 8601 UTC: when the delete of the chat began. */
  readonly deleted_at?: string;
  /** Epoch seconds. */
  readonly expires_at?: number;
  /**
   * `k_<11 characters>`: the number of the turn that has this key.
   * For a cancelled attempt it is the number of the newest turn at that time.
   */
  readonly [key: KeyAttribute]: number;
}

/** The key of a chat's head. It contains the user id, so no read can return another user's chat. */
export function headKey(userId: string, chatId: string): ItemKey {
  return { id: chatId, user_id: userId };
}

/** The item as a head, without the attributes that another system has written under our names. */
export function toHead(item: Item): HeadItem {
  return omitForeignAttributes(item) as Item & HeadItem;
}

/** The item as a head, or undefined if it is absent, deleted or expired. */
export function toVisibleHead(item: Item | undefined): HeadItem | undefined {
  const head = item && toHead(item);
  return head && head.deleted_at === undefined && !isExpired(head) ? head : undefined;
}

/** The item as a head. @throws ChatNotFoundError if it is absent, deleted or expired. */
export function requireVisibleHead(item: Item | undefined): HeadItem {
  const head = toVisibleHead(item);
  if (!head) throw new ChatNotFoundError();
  return head;
}

/** The chat that a head describes. */
export function toStoredChat(head: HeadItem): StoredChat {
  return {
    ...toChatSummary(head),
    legacy: { ...pickLegacyMessages(head), itemName: head.inline_item },
    turns: toKnownTurns(head),
  };
}

/** What a head says about the turns of its chat. */
export function toKnownTurns({ turns = 0, open, hidden }: HeadItem): KnownTurns {
  return { newest: turns, openLease: open?.lease, hidden: toRanges(hidden) };
}

/**
 * The chat that a head describes, or what the index has of it, without its messages. A chat without a time that can be
 * read shows the time now.
 */
export function toChatSummary(head: HeadItem): ChatSummary {
  const { id, title, created_at: createdAt, updated_at: updatedAt, ended_at: endedAt } = head;
  const now = new Date().toISOString();
  return {
    id,
    userId: head.user_id,
    title: typeof title === 'string' && title ? title : toTitle(findFirstText(id, head)),
    createdAt: toIsoTime(createdAt, updatedAt) ?? now,
    updatedAt: toIsoTime(updatedAt, endedAt, createdAt) ?? now,
  };
}

/** The condition that the chat was not renamed since its head was read. */
export function whileTitleIsOf({ title_id: titleId }: HeadItem): Condition {
  if (titleId === undefined) return { expression: 'attribute_not_exists(title_id)' };
  return { expression: 'title_id = :titleId', values: { ':titleId': titleId } };
}
