import { Injectable } from '@nestjs/common';
import { TableSettings } from '../../config/settings.js';
import { DynamoTable, ItemTooLargeError, type UpdateResult } from '../../dynamodb/dynamo-table.js';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { LATE_WRITE_MILLISECONDS, toExpiry, toSeconds } from '../../dynamodb/item-expiry.js';
import { buildUpdate, Computed, type Condition } from '../../dynamodb/update-expression.js';
import type { Replay } from '../model/chat.js';
import { TurnInProgressError, TurnStoppedError } from '../model/chat.errors.js';
import { toTitle } from '../model/title.js';
import type { RunningTurn } from '../model/turn.js';
import { toTurnIds } from '../model/turn-ids.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTurnCancellation } from './dynamo-turn-cancellation.js';
import { type Conflict, DynamoTurnConflict, type ResolvedConflict } from './dynamo-turn-conflict.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { DynamoTurnReplacement } from './dynamo-turn-replacement.js';
import { type HeadItem, headKey, toHead } from './items/head-item.js';
import { toKeyAttribute } from './items/remembered-keys.js';
import { toRunningTurn } from './items/running-turn.js';
import { LARGEST_COUNT } from './items/turn-keys.js';
import { whileChatIsHeldBy } from './items/turn-lease.js';
import { type BeginOptions, isOpenedByKey, type TurnAttempt, type TurnEnding } from './turn-attempt.js';

/** Most writes of a begin. Recovering a dead turn and taking over its key needs three; the others are for races. */
const MAX_WRITES = 6;
/** The result of a write that was not sent, because the chat is not new. */
const NOT_WRITTEN: UpdateResult = { item: undefined, sends: 0 };

/** A head with the turn that has begun, or the reply of an earlier turn with the same key. */
type OpenedHead = Extract<Conflict, { kind: 'alreadyBegun' | 'replay' | 'stopped' }>;

/**
 * The first write of a turn: one UpdateItem on the chat's head. Before a key opens a chat, turns are looked for.
 * Only if its condition refuses, the head is read, the conflict is resolved, and the write is tried again.
 *
 * A late repetition of the write must not begin a second turn. If the first delivery has begun the turn, the head
 * has its key, or has changed since then. If it was refused but may arrive again, the attempt is cancelled.
 */
@Injectable()
export class DynamoTurnOpening {
  constructor(
    private readonly table: DynamoTable,
    private readonly conflicts: DynamoTurnConflict,
    private readonly replacements: DynamoTurnReplacement,
    private readonly cancellation: DynamoTurnCancellation,
    private readonly recovery: DynamoTurnRecovery,
    private readonly legacy: DynamoLegacyHistory,
    private readonly settings: TableSettings,
  ) {}

  /**
   * @returns the turn that has begun, or the reply that an earlier turn with the same key has.
   * @throws ChatNotFoundError, TurnInProgressError, TurnStoppedError, IdempotencyKeyReusedError, StorageUnavailableError
   */
  async open(userId: string, attempt: TurnAttempt, options: BeginOptions): Promise<RunningTurn | Replay> {
    const opened = await this.openHead(userId, attempt, options);
    if (opened.kind === 'replay') return opened.replay;
    if (opened.kind === 'stopped') {
      options.onTurn?.(toTurnIds(attempt.chatId, opened.number));
      throw new TurnStoppedError();
    }
    return this.toBegunTurn(opened.head, attempt, options);
  }

  private async openHead(
    userId: string,
    attempt: TurnAttempt,
    { signal, keep = () => undefined, supersession, onAbandoned, onTurn }: BeginOptions,
  ): Promise<OpenedHead> {
    let conflict: ResolvedConflict | undefined;
    let mayArriveLate = false;
    let ending: TurnEnding = { supersession, onAbandoned, onTurn };
    // The chat of a key may have lost its head, because heads and turns expire one by one. Its turns must not come back.
    const wasOpened = isOpenedByKey(attempt) && (await this.conflicts.hasTurns(userId, attempt.chatId));
    signal?.throwIfAborted();
    try {
      for (let writes = 0; writes < MAX_WRITES; writes += 1) {
        const ready = mustLookFirst(attempt, conflict, wasOpened)
          ? undefined
          : await this.withReplaced(attempt, conflict);
        signal?.throwIfAborted();
        const { item, sends } = ready ? await this.write(userId, ready, conflict) : NOT_WRITTEN;
        signal?.throwIfAborted();
        if (item) return { kind: 'alreadyBegun', head: await this.withCount(toHead(item), attempt) };
        mayArriveLate ||= sends > 1;
        const found = await this.conflicts.resolveConflict(userId, attempt, ending);
        signal?.throwIfAborted();
        if (found.kind === 'alreadyBegun') return { ...found, head: await this.withCount(found.head, attempt) };
        if (found.kind === 'replay' || found.kind === 'stopped') return found;
        conflict = found;
        // A turn that begins between the end of that one and this begin is not stopped.
        if (found.hasSuperseded) ending = { onAbandoned, onTurn };
      }
      throw new TurnInProgressError(1);
    } catch (error) {
      // If the attempt cannot be cancelled, its lease ends it.
      const cancel = () => this.cancellation.cancelAttempt(userId, attempt, toLastTimeSeen(attempt, conflict));
      if (error instanceof TurnInProgressError && mayArriveLate) await cancel().catch(() => undefined);
      // The turn may have begun. The caller has waited for the table already, so this runs in the background.
      const mayHaveBegun = error instanceof StorageUnavailableError || error instanceof ItemTooLargeError;
      if (mayHaveBegun) keep(this.table.repeat(attempt.open.until, cancel).catch(() => undefined));
      throw error;
    }
  }

  /** The turn that has begun. After an error nobody will run it, so it ends as failed and frees its chat. */
  private async toBegunTurn(
    head: HeadItem,
    attempt: TurnAttempt,
    { onTurn, signal, ...terms }: BeginOptions,
  ): Promise<RunningTurn> {
    const open = head.open?.lease === attempt.open.lease ? head.open : attempt.open;
    try {
      signal?.throwIfAborted();
      onTurn?.(toTurnIds(head.id, head.turns ?? 1));
      return toRunningTurn(head, open, terms);
    } catch (error) {
      // If the table fails too, the lease ends the turn.
      await this.recovery.abandonTurn(head, open).catch(() => undefined);
      throw error;
    }
  }

  /** The attempt with the turns that it replaces, as they are now. */
  private async withReplaced(attempt: TurnAttempt, conflict: ResolvedConflict | undefined): Promise<TurnAttempt> {
    const { replacement, open } = attempt;
    if (!replacement || !conflict?.head) return attempt;
    const earlierRun = conflict.kind === 'keyTaken' ? conflict : undefined;
    const replaces = await this.replacements.resolve(conflict.head, replacement, earlierRun);
    return replaces === undefined ? attempt : { ...attempt, open: { ...open, replaces } };
  }

  /** A count of another system may be a fraction. No condition tells, so the count is corrected after the write. */
  private async withCount(head: HeadItem, { key, open }: TurnAttempt): Promise<HeadItem> {
    if (head.turns !== undefined) return head;
    const number = ((await this.conflicts.findCount(head)) ?? 0) + 1;
    const changes = { turns: number, [toKeyAttribute(key)]: number };
    const update = buildUpdate(changes, whileChatIsHeldBy(open.lease));
    const input = { Key: headKey(head.user_id, head.id), ...update };
    const item = await this.legacy.withOverflowItem(head.user_id, head.id, () => this.table.update(input));
    return item ? toHead(item) : head;
  }

  private async write(userId: string, attempt: TurnAttempt, conflict?: ResolvedConflict): Promise<UpdateResult> {
    const { chatId, isNewChat, key, open } = attempt;
    const keyTaken = conflict?.kind === 'keyTaken' ? conflict : undefined;
    const opensChat = conflict?.kind === 'absent' || (isNewChat && !keyTaken);
    const setsTitle = opensChat || mayRetitle(attempt, conflict);
    const renewsExpiry = opensChat || conflict !== undefined;
    const { expires_at: expiresAt = null } = toExpiry(this.settings.chatTtlDays);
    const next = new Computed('if_not_exists(turns, :none) + :one');
    const condition = opensChat ? { expression: 'attribute_not_exists(id)' } : continueCondition(attempt, conflict);
    const update = {
      Key: headKey(userId, chatId),
      ...buildUpdate(
        {
          turns: next,
          [toKeyAttribute(key)]: next,
          open,
          created_at: new Computed('if_not_exists(created_at, :at)'),
          updated_at: new Computed('if_not_exists(updated_at, :at)'),
          title: setsTitle ? toTitle(open.prompt) : undefined,
          expires_at: renewsExpiry ? expiresAt : undefined,
        },
        { ...condition, values: { ...condition.values, ':none': conflict?.countFrom ?? 0, ':one': 1, ':at': open.at } },
      ),
    };
    return this.legacy.withOverflowItem(userId, chatId, () => this.table.tryUpdate(update));
  }
}

/** Whether a begin reads the head before it writes: the chat of its key had turns, or it replaces turns. */
function mustLookFirst(
  { replacement }: TurnAttempt,
  conflict: ResolvedConflict | undefined,
  wasOpened: boolean,
): boolean {
  if (!replacement) return wasOpened && conflict === undefined;
  return conflict?.kind !== 'absent' && conflict?.head === undefined;
}

/** The condition of a begin in an existing chat: it is free, and the begin is not late. */
function continueCondition(attempt: TurnAttempt, conflict: ResolvedConflict | undefined): Condition {
  const { key, open, replacement } = attempt;
  const remembered = conflict?.kind === 'keyTaken' ? conflict.remembered : undefined;
  const { head } = conflict ?? {};
  const countFrom = conflict?.countFrom;
  const conditions = [
    'attribute_exists(id)',
    // Without a count the turn would get the number of an older turn, and messages their ids. Other systems may have
    // another value there, to which nothing can be added.
    ...(countFrom === undefined ? ['turns BETWEEN :none AND :last'] : []),
    'attribute_not_exists(#open)',
    'attribute_not_exists(deleted_at)',
    // A chat must not expire before the writes of its turn have arrived; the second write renews it.
    '(attribute_not_exists(expires_at) OR expires_at > :alive)',
    remembered === undefined ? 'attribute_not_exists(#key)' : '#key = :remembered',
    'attribute_not_exists(#mark)',
    // A begin can be so late that its key is forgotten. An attempt whose clock is behind is refused too, and retried.
    'NOT ended_at > :seen',
    // Older data has no `ended_at`. A time that is no text is refused, because the index takes only texts.
    '(attribute_not_exists(updated_at) OR updated_at <= :seen)',
    // No turn may have begun since the turns were found that it replaces.
    ...(replacement && head ? [head.turns === undefined ? 'attribute_not_exists(turns)' : 'turns = :newest'] : []),
    ...(mayRetitle(attempt, conflict) ? ['attribute_not_exists(title_id)'] : []),
  ];
  return {
    expression: conditions.join(' AND '),
    names: { '#key': toKeyAttribute(key), '#mark': toKeyAttribute(open.lease) },
    values: {
      ':alive': toSeconds(conflict ? Date.now() : open.until + LATE_WRITE_MILLISECONDS),
      ':seen': toLastTimeSeen(attempt, conflict),
      ...(countFrom === undefined && { ':last': LARGEST_COUNT }),
      ...(remembered !== undefined && { ':remembered': remembered }),
      ...(replacement && head?.turns !== undefined && { ':newest': head.turns }),
    },
  };
}

/** Whether the turn takes the place of the first turn of its chat, so that the title comes from its prompt. */
function mayRetitle({ isNewChat }: TurnAttempt, conflict: ResolvedConflict | undefined): boolean {
  return isNewChat && conflict?.kind === 'keyTaken' && conflict.mayRetitle;
}

/** A begin is refused if the head has a later time than this. */
function toLastTimeSeen({ open: { at } }: TurnAttempt, conflict: ResolvedConflict | undefined): string {
  return conflict && conflict.lastTime > at ? conflict.lastTime : at;
}
