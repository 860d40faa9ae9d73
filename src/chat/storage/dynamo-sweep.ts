import { Clock } from '../../common/clock.js';
import { StorageUnavailableError, UnreadableItemError } from '../../common/storage.errors.js';
import type { DynamoTable, Item, ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import type { ScannedItem, TableScan } from '../../dynamodb/table-scan.js';
import { ChatNotFoundError, ChatsRemainError, TurnInProgressError } from '../model/chat.errors.js';
import type { DynamoChatDeletion } from './dynamo-chat-deletion.js';
import { headKey } from './items/head-item.js';
import { isDeleteMark, isTombstone } from './items/tombstone.js';
import { isPartKey, parseUserId } from './items/turn-keys.js';

/** Where the next sweep goes on. No id of a chat or a user has a `#`. */
const PLACE: ItemKey = { id: 'sweep#', user_id: 'sweep#' };
/** Between two pages of 1 MB, which cost 128 read units each. */
const PAGE_PAUSE_MILLISECONDS = 500;
/**
 * A chat that has expired is left for a day: a begin under way may renew it for an hour, and clocks may be
 * apart.
 */
export const SWEEP_MARGIN_MILLISECONDS = 24 * 60 * 60 * 1_000;
/** How long a call is repeated while the table refuses it. */
const PATIENCE_MILLISECONDS = 60_000;

export interface SweepOptions {
  /** Epoch milliseconds at which the sweep ends, maybe before the end of the table. */
  readonly deadline: number;
  /** Whether it goes on where the sweep before has ended. Otherwise it begins at the beginning. */
  readonly resumes: boolean;
  /** Somebody waits at a terminal: if its first call fails, the sweep ends at once. */
  readonly isByHand?: boolean;
}

/** What a sweep has done. */
export interface SweepResult {
  /** Items that were looked at. */
  items: number;
  /** Deletes that somebody had begun, and that were finished. */
  finishedDeletes: number;
  /** Chats that had expired, and whose items would have stayed. */
  expiredChats: number;
  /** Chats whose turns run. The next sweep tries again. */
  leftChats: number;
  /** Chats that could not be removed for another reason. */
  failedChats: number;
  /** These reasons, each once and without ids. */
  readonly failures: string[];
  /** Whether it has reached the end of the table. */
  isComplete: boolean;
}

type Removal = 'finishedDeletes' | 'expiredChats';

/**
 * Removes what no request asks for any more: chats whose delete was interrupted, and turns whose head has expired. A scan
 * finds them. The head is then read consistently, and its mark is written only while it is as it was read. So nothing of a
 * chat that is there is removed.
 */
export class DynamoSweep {
  constructor(
    private readonly table: DynamoTable,
    private readonly scan: TableScan,
    private readonly deletion: DynamoChatDeletion,
    private readonly clock: Clock = new Clock(),
  ) {}

  /**
   * Sweeps the table, page by page. A call that the table refuses for a while is repeated.
   *
   * @throws StorageUnavailableError. The next sweep goes on with the same page.
   */
  async run({ deadline, resumes, isByHand = false }: SweepOptions): Promise<SweepResult> {
    const result: SweepResult = {
      items: 0,
      finishedDeletes: 0,
      expiredChats: 0,
      leftChats: 0,
      failedChats: 0,
      failures: [],
      isComplete: false,
    };
    if (isByHand) await this.table.probe();
    let after = resumes ? await this.readPlace() : undefined;
    while (this.clock.now() < deadline) {
      const place = after;
      const { items, next } = await this.repeat(deadline, () => this.scan.readPage(place));
      if (!(await this.sweepItems(items, deadline, result))) return result;
      result.items += items.length;
      if (resumes) await this.repeat(deadline, () => this.table.replace([{ ...PLACE, after: next }]));
      if (next === undefined) return { ...result, isComplete: true };
      after = next;
      await this.clock.sleep(PAGE_PAUSE_MILLISECONDS);
    }
    return result;
  }

  private async readPlace(): Promise<ItemKey | undefined> {
    return (await this.table.get(PLACE))?.['after'] as ItemKey | undefined;
  }

  private async repeat<T>(deadline: number, call: () => Promise<T>): Promise<T> {
    return this.table.repeat(Math.min(deadline, this.clock.now() + PATIENCE_MILLISECONDS), call);
  }

  /** @returns false if the time is up. */
  private async sweepItems(items: readonly ScannedItem[], deadline: number, result: SweepResult): Promise<boolean> {
    for (const { userId, id } of listChatsToCheck(items)) {
      try {
        const removal = await this.repeat(deadline, () => this.remove(userId, id, deadline));
        if (removal) result[removal] += 1;
      } catch (error) {
        if (error instanceof ChatsRemainError) return false;
        if (error instanceof StorageUnavailableError) throw error;
        if (error instanceof TurnInProgressError) result.leftChats += 1;
        else noteFailure(result, error);
      }
    }
    return true;
  }

  /** Removes a chat, unless it is there or somebody else removes it. */
  private async remove(userId: string, chatId: string, deadline: number): Promise<Removal | undefined> {
    const head = await this.table.get(headKey(userId, chatId));
    const isMarked = head !== undefined && isDeleteMark(head);
    if (head && !mayDelete(head)) return undefined;
    try {
      if (!head || isTombstone(head)) await this.deletion.deleteWithoutHead(userId, chatId, { deadline });
      else await this.deletion.delete(userId, chatId, { deadline, evenIfExpired: true, onlyIf: mayDelete });
    } catch (error) {
      if (error instanceof ChatNotFoundError) return undefined;
      throw error;
    }
    return isMarked ? 'finishedDeletes' : 'expiredChats';
  }
}

/** The messages of such errors may have ids or texts, so the class and the attribute that cannot be read must do. */
function noteFailure(result: SweepResult, error: unknown): void {
  result.failedChats += 1;
  const name = error instanceof Error ? error.name : 'unknown error';
  const failure = error instanceof UnreadableItemError ? `${name} (${error.item.attribute})` : name;
  if (!result.failures.includes(failure)) result.failures.push(failure);
}

/** Whether a head was marked by a delete, or has expired so long ago that nothing renews it. */
function mayDelete(head: Item): boolean {
  return isDeleteMark(head) || isExpired(head, SWEEP_MARGIN_MILLISECONDS);
}

/** Lists chats that seem to have a mark, or a turn without a head. Only the head tells, and a page may lack it. */
function* listChatsToCheck(items: readonly ScannedItem[]): Generator<{ userId: string; id: string }> {
  // Items of one chat follow each other, its head first.
  let settled = new Set<string>();
  let last: string | undefined;
  for (const item of items) {
    if (item.id !== last) settled = new Set();
    last = item.id;
    const userId = parseUserId(item);
    if (settled.has(userId)) continue;
    if (isVisibleHead(item)) settled.add(userId);
    else if (isMark(item) || isLivePart(item)) {
      settled.add(userId);
      yield { userId, id: item.id };
    }
  }
}

function isVisibleHead(item: ScannedItem): boolean {
  return item.user_id === parseUserId(item) && item.deleted_at === undefined && !isExpired(item);
}

function isMark({ deleted_at: deletedAt, updated_at: updatedAt }: ScannedItem): boolean {
  return deletedAt !== undefined && updatedAt !== undefined;
}

/** Whether an item belongs to a head, and is neither expired nor a tombstone. */
function isLivePart(item: ScannedItem): boolean {
  return isPartKey(item) && item.deleted_at === undefined && !isExpired(item);
}
