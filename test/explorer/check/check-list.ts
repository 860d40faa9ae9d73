import type { ChatSummary } from '../../../src/chat/model/chat.js';
import type { Ledger } from './ledger.js';

/** The index follows the table within this time. */
const INDEX_LAG = 1_500;

/** Checks one page of a user's chats. */
export function checkListPage(
  ledger: Ledger,
  { user, chats, from }: { user: string; chats: readonly ChatSummary[]; from: number },
): void {
  const ids = chats.map(({ id }) => id);
  if (new Set(ids).size < ids.length) ledger.report('chat is listed twice', ids.join(', '));
  for (const { id, userId } of chats) {
    const own = ledger.attemptsOf(id).filter((attempt) => attempt.user === user);
    const isOwn = own.length > 0 || ledger.legacyOwners.get(id) === user;
    if (userId !== user || !isOwn) ledger.report('foreign chat is listed', id);
    const isGone = own.length > 0 && own.every(({ gone }) => gone && gone.at + INDEX_LAG < from);
    if (isGone) ledger.report(`${own[0]?.gone?.why} chat is listed`, id);
  }
}

/**
 * The titles that a chat may have after all renames: of a rename after which no other one began. Undefined if nobody
 * has surely renamed the chat.
 */
export function listPossibleTitles(ledger: Ledger, chatId: string): string[] | undefined {
  const renames = ledger.renames.filter((rename) => rename.chatId === chatId);
  const done = renames.filter(({ outcome }) => outcome === 'done');
  if (done.length === 0) return undefined;
  const latestStart = Math.max(...done.map(({ from }) => from));
  return renames.filter(({ to, outcome }) => to >= latestStart || outcome === 'unknown').map(({ title }) => title);
}
