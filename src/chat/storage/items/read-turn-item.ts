import { UnreadableItemError } from '../../../common/storage.errors.js';
import type { Item } from '../../../dynamodb/dynamo-table.js';
import type { Citation, EndReason, TurnOutcome } from '../../model/chat.js';
import { toCitation } from '../../model/citation.js';
import { toIsoTime } from './stored-times.js';
import type { TurnItem } from './turn-item.js';
import { parseTurnNumber } from './turn-keys.js';

const STATUSES: Readonly<Record<TurnOutcome['status'], true>> = {
  done: true,
  partial: true,
  stopped: true,
  failed: true,
};
const REASONS: Readonly<Record<EndReason, true>> = { stop: true, length: true, 'content-filter': true, other: true };

/**
 * Reads an item as a turn. An attribute of the wrong form is left out if the turn can be told without it.
 *
 * @throws UnreadableItemError if its status or one of its texts cannot be read.
 */
export function toTurnItem(item: Item): TurnItem {
  const { id, user_id: sortKey, prompt, answer, status, parts, lease, citations, reason, usage, replaces } = item;
  const key = { id: String(id), user_id: String(sortKey) };
  const unreadable = (attribute: string) =>
    new UnreadableItemError({ chat: key.id, part: `turn ${parseTurnNumber(key)}`, attribute });
  if (!isOneOf(STATUSES, status)) throw unreadable('status');
  if (typeof prompt !== 'string') throw unreadable('prompt');
  const mayLackReply = status === 'failed' || (status === 'stopped' && answer === undefined);
  if (!mayLackReply && typeof answer !== 'string') throw unreadable('answer');
  return {
    ...key,
    prompt,
    status,
    ...(typeof answer === 'string' && { answer }),
    ...(parts !== undefined && { parts: isCount(parts) ? parts : Infinity }),
    ...(typeof lease === 'string' && { lease }),
    ...(Number.isSafeInteger(replaces) && { replaces: Number(replaces) }),
    ...(item['hidden'] === true && { hidden: true }),
    ...(Array.isArray(citations) && { citations: toCitations(citations) }),
    ...(isOneOf(REASONS, reason) && { reason }),
    ...(isUsage(usage) && { usage }),
    at: toIsoTime(item['at']),
    done_at: toIsoTime(item['done_at']),
  };
}

/** Older versions stored citations that callers may not see. */
function toCitations(stored: readonly unknown[]): Citation[] {
  return stored.flatMap((value) => {
    const { title, uri, snippet, start, end } = Object(value) as Readonly<Record<keyof Citation, unknown>>;
    const source = {
      titles: [title],
      uris: [uri],
      text: typeof snippet === 'string' ? snippet : undefined,
      start: isCount(start) ? start : undefined,
      end: isCount(end) ? end : undefined,
    };
    return toCitation(source) ?? [];
  });
}

function isUsage(value: unknown): value is NonNullable<TurnItem['usage']> {
  const { in: input, out: output } = Object(value) as Readonly<Record<string, unknown>>;
  return isCount(input) && isCount(output);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isOneOf<T extends string>(names: Readonly<Record<T, true>>, value: unknown): value is T {
  return typeof value === 'string' && Object.hasOwn(names, value);
}
