import { SWEEP_MARGIN_MILLISECONDS } from '../../../src/chat/storage/dynamo-sweep.js';
import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { isTombstone } from '../../../src/chat/storage/items/tombstone.js';
import { listChats, readChat } from '../workload/chat-steps.js';
import type { Run } from '../workload/run.js';
import { runTurn } from '../workload/turn-step.js';
import { checkQuota } from './check-quota.js';
import { listPossibleTitles } from './check-list.js';

const MINUTE = 60_000;
/** Every lease has ended then, and no tombstone has expired. */
export const QUIET_MILLISECONDS = 20 * MINUTE;
/** More messages than any schedule makes. */
const ALL = 1_000;

/** Reads every chat when nothing happens any more, runs a turn in it, and reads it again. */
export async function checkEnd(run: Run): Promise<void> {
  const chats = new Map(run.ledger.attempts.flatMap(({ chatId, user }) => (chatId ? [[chatId, user]] : [])));
  for (const user of new Set(run.ledger.attempts.map((attempt) => attempt.user))) {
    const listed = await listChats(run, user, ALL);
    for (const [chatId, owner] of chats) {
      const head = run.findHead(chatId, user);
      const isVisible = owner === user && head !== undefined && !isGone(head, run.world.now);
      if (isVisible && !listed.includes(chatId)) run.ledger.report('chat is not listed', chatId);
    }
  }
  let step = 1_000;
  for (const [chatId, user] of chats) {
    step += 1;
    if (!run.ledger.attemptsOf(chatId).some((attempt) => attempt.user === user)) continue;
    if (await readChat(run, user, chatId, ALL)) await probe(run, { user, chatId, step });
  }
}

/** A turn in a chat where no turn runs must begin, and everything must be there as before. */
async function probe(run: Run, { user, chatId, step }: { user: string; chatId: string; step: number }): Promise<void> {
  checkTitle(run, user, chatId);
  const chat = run.schedule.chats.length;
  run.chatIds[chat] = chatId;
  run.arriveAs(step);
  // The quota counts minutes.
  await run.world.sleep(MINUTE);
  const isRefusable = isGone(run.findHead(chatId, user), run.world.now + MINUTE);
  await runTurn(run, step, {
    do: 'turn',
    user,
    chat,
    opens: false,
    key: undefined,
    hasOtherPrompt: false,
    agentMilliseconds: 1,
    outcome: 'done',
    replyBytes: 0,
    timeLimit: MINUTE,
  });
  const attempt = run.ledger.attempts.at(-1);
  if (attempt?.storedAt === undefined && !isRefusable) run.ledger.report('chat is locked', `${attempt?.refusal}`);
  await readChat(run, user, chatId, ALL);
}

/** A title given by a rename stays. */
function checkTitle(run: Run, user: string, chatId: string): void {
  const { ledger } = run;
  const mayBeNew = ledger.expiredChats.has(chatId) || ledger.deletesOf(chatId, user).length > 0;
  const possible = listPossibleTitles(ledger, chatId);
  const title = run.findHead(chatId, user)?.['title'];
  if (possible && !mayBeNew && !possible.includes(String(title))) ledger.report('lost title', `“${String(title)}”`);
}

/** Checks what is left in the table when no request runs any more. */
export function checkTable(run: Run): void {
  for (const id of run.table.listIds()) {
    const items = run.table.listItems(id);
    if (id.startsWith('usage#')) checkQuota(run, items);
    else checkRemains(run, id, items);
  }
}

/** What belongs to a deleted chat, or to none, must not stay. */
function checkRemains({ ledger, world, table }: Run, chatId: string, items: readonly Item[]): void {
  // The clock of the sweep is ahead of the world, and what has expired by it is left to DynamoDB.
  const swept = world.now + SWEEP_MARGIN_MILLISECONDS;
  const kept = items.filter((item) => !isTombstone(item) && !isExpired(item, swept));
  const owner = String(items[0]?.['user_id']).split('#')[0] ?? '';
  const head = table.find({ id: chatId, user_id: owner });
  ledger.noteExpiry(chatId, head, world.now);
  if (kept.length === 0 || (head && !isGone(head, world.now))) return;
  const text = `${kept.length} of ${items.length} items of chat ${chatId}`;
  // A delete leaves a tombstone.
  if (!head && ledger.expiredChats.has(chatId)) return ledger.report('left behind by expiry', text);
  const deletes = ledger.deletesOf(chatId, owner);
  const isMarked = !head || (head['deleted_at'] !== undefined && !isTombstone(head));
  // The mark expires with the chat.
  const hasDied = isMarked && deletes.some(({ outcome }) => outcome === 'unknown');
  if (hasDied) return ledger.report('left behind by a delete that died', text);
  if (deletes.some(({ outcome }) => outcome === 'done')) return ledger.report('left behind by a delete', text);
  return ledger.report(ledger.expiredChats.has(chatId) ? 'left behind by expiry' : 'left behind', text);
}

function isGone(head: Item | undefined, now: number): boolean {
  return !head || head['deleted_at'] !== undefined || isExpired(head, now);
}

function isExpired({ expires_at: expiresAt }: Item, now: number): boolean {
  return typeof expiresAt === 'number' && expiresAt * 1000 <= now;
}
