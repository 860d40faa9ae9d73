import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item, type ItemKey } from '../../dynamodb/dynamo-table.js';
import { isExpired } from '../../dynamodb/item-expiry.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import type { EndReason, Replay } from '../model/chat.js';
import { ChatNotFoundError, IdempotencyKeyReusedError, TurnInProgressError } from '../model/chat.errors.js';
import { toTurnIds } from '../model/turn-ids.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { DynamoTurnStop } from './dynamo-turn-stop.js';
import { type HeadItem, headKey, type OpenTurn, toVisibleHead } from './items/head-item.js';
import { toKeyAttribute } from './items/remembered-keys.js';
import { findLastTime } from './items/stored-times.js';
import { findEndReason, isTurnItem, toAssistantMessage, type TurnItem } from './items/turn-item.js';
import { mayHaveOverwritten, toNewCount } from './items/turn-count.js';
import { parseTurnNumber, turnKeyRange } from './items/turn-keys.js';
import { isLeaseLive, OWNED_BY_LEASE } from './items/turn-lease.js';
import { readContinuations } from './read-continuations.js';
import { isSameRequest, type TurnAttempt, type TurnEnding } from './turn-attempt.js';

/** A conflict that is resolved: begin may try again. */
export type ResolvedConflict = {
  /** The latest time on the head, or `''`. It may be ahead of the attempt, because clocks differ. */
  readonly lastTime: string;
  /** For a head without `turns`: the number after which the turns count. */
  readonly countFrom?: number | undefined;
  /** A running turn was stopped for this begin. */
  readonly hasSuperseded?: boolean;
  /** The head as it is now. Absent if it has changed. */
  readonly head?: HeadItem;
} & (
  | { readonly kind: 'retry' }
  /** There is no such chat, and begin may open it. */
  | { readonly kind: 'absent' }
  /** The reply of an earlier turn with the same key and prompt did not end by itself, or never came. Begin may take over its key. */
  | {
      readonly kind: 'keyTaken';
      /** The number that the head has for the key; undefined if the head has forgotten the key. */
      readonly remembered: number | undefined;
      /** The title is still of the earlier turn, which has left no item. Nobody has renamed the chat. */
      readonly mayRetitle: boolean;
      /** The number of the first turn that the earlier turn replaces. */
      readonly replaces: number | undefined;
      readonly number: number;
    }
);

/** Why a begin was refused, and what begin does next. */
export type Conflict =
  | ResolvedConflict
  /** The same begin arrived before, and has begun the turn. It may have been ended as dead since then. */
  | { readonly kind: 'alreadyBegun'; readonly head: HeadItem }
  /** A turn with the same key and prompt has a reply that the agent has ended. */
  | { readonly kind: 'replay'; readonly replay: Replay }
  /** A turn with the same key and prompt was stopped. */
  | { readonly kind: 'stopped'; readonly number: number };

/** The earlier turn that the key of an attempt leads to. */
interface KeyedTurn {
  readonly number: number;
  /** The number that the head has for the key. */
  readonly remembered: number | undefined;
  /** Undefined while the turn runs, and when its item has expired. */
  readonly item: TurnItem | undefined;
  /** Whether the turn holds the chat. */
  readonly isOpen: boolean;
}

/** Finds out why a begin was refused, and removes the reason if it may. */
@Injectable()
export class DynamoTurnConflict {
  constructor(
    private readonly table: DynamoTable,
    private readonly recovery: DynamoTurnRecovery,
    private readonly repair: DynamoHeadRepair,
    private readonly stops: DynamoTurnStop,
  ) {}

  /**
   * @param ending - what may become of a running turn. Without a supersession, it goes on and begin is refused.
   * @throws ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError, StorageUnavailableError,
   * UnreadableItemError
   */
  async resolveConflict(userId: string, attempt: TurnAttempt, ending: TurnEnding): Promise<Conflict> {
    const item = await this.table.get(headKey(userId, attempt.chatId));
    const head = toVisibleHead(item);
    // A chat may have lost its head, because heads and turns expire one by one. Its turns must not come back.
    const isAbsent = !item && attempt.isNamed && !(await this.hasTurns(userId, attempt.chatId));
    if (isAbsent) return { kind: 'absent', lastTime: '' };
    if (!item || !head) throw new ChatNotFoundError();
    if (head.open?.lease === attempt.open.lease) return { kind: 'alreadyBegun', head };
    if (await this.repair.repair(item)) return { kind: 'retry', lastTime: findLastTime(head) };

    const earlier = await this.findKeyedTurn(head, attempt);
    if (earlier?.item?.status === 'stopped') return { kind: 'stopped', number: earlier.number };
    // This process stood still after its write, until another begin took its turn for dead and kept it as failed.
    const isOwn = earlier?.item?.lease === attempt.open.lease;
    if (earlier?.item && isOwn) return { kind: 'alreadyBegun', head: toHeadAtBegin(head, earlier.item, attempt) };
    const reason = earlier?.item && findEndReason(earlier.item);
    if (earlier?.item && reason) return { kind: 'replay', replay: await this.readReplay(head, earlier.item, reason) };
    if (head.open && earlier?.isOpen) return this.endOwnTurn(head, head.open, earlier.number, ending);
    if (head.open) return this.endOpenTurn(head, head.open, ending);
    return { ...(await this.takeKeyOver(head, earlier)), countFrom: await this.findCount(head), head };
  }

  /** A repetition of the running turn never stops it. @throws TurnInProgressError if the turn runs. */
  private async endOwnTurn(
    head: HeadItem,
    open: OpenTurn,
    number: number,
    { onAbandoned, onTurn }: TurnEnding,
  ): Promise<ResolvedConflict> {
    try {
      return await this.endOpenTurn(head, open, { onAbandoned });
    } catch (error) {
      if (error instanceof TurnInProgressError) onTurn?.(toTurnIds(head.id, number));
      throw error;
    }
  }

  /** @throws TurnInProgressError if the turn runs, and may not be stopped. */
  private async endOpenTurn(head: HeadItem, open: OpenTurn, ending: TurnEnding): Promise<ResolvedConflict> {
    const { supersession, onAbandoned } = ending;
    if (supersession && isLeaseLive(open) && supersession.mayStop(open.lease)) {
      const lastTime = await this.stops.end(head, open, { onStop: supersession.onStop, onAbandoned });
      return { kind: 'retry', hasSuperseded: true, lastTime };
    }
    const lastTime = await this.recovery.recoverDeadTurn(head, open, onAbandoned);
    return { kind: 'retry', lastTime: lastTime ?? findLastTime(head) };
  }

  /** Whether a chat has turns that have not expired, also if it has no head any more. */
  async hasTurns(userId: string, chatId: string): Promise<boolean> {
    const range = { id: chatId, ...turnKeyRange(userId), pageSize: 1, growth: 2 };
    for await (const item of this.table.backwards(range)) if (isTurnItem(item) && !isExpired(item)) return true;
    return false;
  }

  /**
   * Finds the number after which the turns of a head without `turns` count. The original system wrote that head, maybe
   * over one that had turns. Then the next number must be new, although an overwritten turn may still run.
   */
  async findCount(head: HeadItem): Promise<number | undefined> {
    if (head.turns !== undefined) return undefined;
    const range = { id: head.id, ...turnKeyRange(head.user_id), pageSize: 1 };
    for await (const item of this.table.backwards(range)) return toNewCount(parseTurnNumber(item as Item & ItemKey));
    return mayHaveOverwritten(head) ? toNewCount(0) : 0;
  }

  /** @throws IdempotencyKeyReusedError when the key was used with another request. */
  private async findKeyedTurn(head: HeadItem, attempt: TurnAttempt): Promise<KeyedTurn | undefined> {
    const { key, isNewChat } = attempt;
    const remembered = head[toKeyAttribute(key)];
    // A key that opened the chat is the key of turn 1, also when the head has forgotten it.
    const number = remembered ?? (isNewChat ? 1 : undefined);
    if (number === undefined) return undefined;

    const running = number === head.turns ? head.open : undefined;
    if (running && !isSameRequest(attempt, running)) throw new IdempotencyKeyReusedError();
    const stored = await this.recovery.getTurn(head, number);
    // After the original system has reset a head, a running turn may have the number of a stored turn.
    const item = running && stored?.lease !== running.lease ? undefined : stored;
    if (item && !isSameRequest(attempt, item)) throw new IdempotencyKeyReusedError();
    return { number, remembered, item, isOpen: running !== undefined };
  }

  /** @throws ChatNotFoundError when the chat is deleted meanwhile. */
  private async readReplay(head: ItemKey, item: TurnItem, reason: EndReason): Promise<Replay> {
    const message = toAssistantMessage(item, await readContinuations(this.table, head.user_id, item));
    return { chatId: item.id, number: parseTurnNumber(item), message, reason };
  }

  private async takeKeyOver(head: HeadItem, earlier: KeyedTurn | undefined): Promise<ResolvedConflict> {
    const lastTime = findLastTime(head);
    if (!earlier || !(await this.removeLease(earlier.item))) return { kind: 'retry', lastTime };
    const { number, remembered, item } = earlier;
    const mayRetitle = item === undefined && number === head.turns && head.title_id === undefined;
    return { kind: 'keyTaken', number, remembered, replaces: item?.replaces, mayRetitle, lastTime };
  }

  /**
   * Removes the lease of a turn without a whole reply, so that its own run can no longer change it.
   *
   * @returns false if the turn's own run has changed it first.
   */
  private async removeLease(item: TurnItem | undefined): Promise<boolean> {
    if (item?.lease === undefined) return true;
    const updated = await this.table.update({
      Key: { id: item.id, user_id: item.user_id },
      ...buildUpdate(
        { lease: null },
        {
          expression: `${OWNED_BY_LEASE} AND #status = :status`,
          names: { '#status': 'status' },
          values: { ':lease': item.lease, ':status': item.status },
        },
      ),
    });
    return updated !== undefined;
  }
}

/** The head of a turn that has begun, and that another begin has ended as dead since then. */
function toHeadAtBegin(head: HeadItem, item: TurnItem, { open }: TurnAttempt): HeadItem {
  const { replaces } = item;
  return { ...head, turns: parseTurnNumber(item), open: { ...open, ...(replaces !== undefined && { replaces }) } };
}
