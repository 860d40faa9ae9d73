import { ChatNotFoundError } from '../../../src/chat/model/chat.errors.js';
import type { StoredTurn } from '../../../src/chat/model/chat.js';
import { DomainError } from '../../../src/common/domain-error.js';
import { checkPage } from '../check/check-read.js';
import { checkListPage } from '../check/check-list.js';
import type { ChangeOfChat, Rename } from '../check/ledger.js';
import type { Run } from './run.js';

/** A chat that was opened so long before is in the index. */
const INDEX_LAG = 1_500;

/** Reads a chat page by page, and checks every page. @returns whether it was found. */
export async function readChat(run: Run, user: string, chatId: string, limit: number): Promise<boolean> {
  const { parts, world, ledger } = run;
  let before = Infinity;
  for (let hasOlder = true; hasOlder;) {
    const from = world.now;
    let page: { readonly turns: readonly StoredTurn[]; readonly hasOlder: boolean };
    try {
      if (before === Infinity) page = (await parts.history.getNewest(user, chatId, limit)).history;
      else page = await parts.history.getPage(user, chatId, { before, limit });
    } catch (error) {
      world.note(() => `ends with ${String(error)}`);
      if (error instanceof ChatNotFoundError) run.checkNotFound(user, chatId, from);
      else noteUnexpected(run, error);
      return false;
    }
    const { turns } = page;
    world.note(
      () => `got ${turns.map(({ number, messages }) => `${number}(${messages.length})`).join(' ') || 'nothing'}`,
    );
    ledger.noteExpiry(chatId, run.findHead(chatId, user), from);
    const { hasOlder: isOlder } = page;
    const { clockMargin } = ledger;
    checkPage(ledger, { user, chatId, from, to: world.now, turns, before, hasOlder: isOlder, clockMargin });
    if (turns.length === 0) checkEmpty(run, chatId, from);
    ({ hasOlder } = page);
    before = turns[0]?.number ?? 1;
  }
  return true;
}

/** A chat that was deleted is not found again, even if nothing of it is shown. */
function checkEmpty({ ledger }: Run, chatId: string, from: number): void {
  const attempts = ledger.attemptsOf(chatId);
  const isGone = attempts.length > 0 && attempts.every(({ gone }) => gone && gone.at < from);
  if (isGone) ledger.report(`${attempts[0]?.gone?.why} chat is found`, `chat ${chatId}`);
}

export async function listChats(run: Run, user: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: { id: string; updatedAt: string } | undefined;
  do {
    const from = run.world.now;
    const page = await run.parts.list.list(user, { after, limit });
    for (const { id } of page.chats) run.ledger.noteExpiry(id, run.findHead(id, user), from);
    checkListPage(run.ledger, { user, chats: page.chats, from });
    ids.push(...page.chats.map(({ id }) => id));
    after = page.last;
  } while (after);
  run.world.note(() => `${ids.length} chats`);
  return ids;
}

export async function renameChat(run: Run, user: string, chatId: string): Promise<void> {
  const title = `title ${run.ledger.renames.length + 1}`;
  const change: Rename = { user, chatId, title, from: run.world.now, to: Infinity, outcome: 'unknown' };
  run.ledger.renames.push(change);
  await follow(run, change, () => run.parts.list.rename(user, chatId, title));
  run.world.note(() => `the title is “${title}”`);
}

export async function deleteChat(
  run: Run,
  user: string,
  { chatId, evenIfExpired }: { chatId: string; evenIfExpired: boolean },
): Promise<void> {
  const { ledger, world, parts } = run;
  const change: ChangeOfChat = { user, chatId, from: world.now, to: Infinity, outcome: 'unknown' };
  ledger.deletes.push(change);
  await follow(run, change, () => parts.deletion.delete(user, chatId, { evenIfExpired }));
  ledger.noteDelete(chatId, world.now);
  world.note(() => 'deleted');
}

export async function deleteAll(run: Run, user: string): Promise<void> {
  const { ledger, world, parts } = run;
  const from = world.now;
  const opened = ledger.attempts.filter(
    (one) => one.user === user && one.outcome === 'begun' && (one.knownAt ?? Infinity) < from - INDEX_LAG,
  );
  const change: ChangeOfChat = { user, chatId: undefined, from, to: Infinity, outcome: 'unknown' };
  ledger.deletes.push(change);
  await follow(run, change, () => parts.list.deleteAll(user));
  for (const { chatId = '' } of opened) ledger.noteDelete(chatId, world.now, from);
  world.note(() => 'all deleted');
}

/** Notes how a change ends. A refused one has changed nothing. */
async function follow(run: Run, change: ChangeOfChat, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    change.outcome = 'done';
  } catch (error) {
    if (error instanceof ChatNotFoundError && change.chatId !== undefined) {
      run.checkNotFound(change.user, change.chatId, change.from);
    }
    if (error instanceof DomainError && error.kind !== 'unavailable') change.outcome = 'refused';
    throw error;
  } finally {
    change.to = run.world.now;
  }
}

/** Notes an error that no caller should see. */
export function noteUnexpected({ ledger, world }: Run, error: unknown): void {
  world.note(() => `ends with ${String(error)}`);
  if (error instanceof DomainError) return;
  ledger.report('unexpected error', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
