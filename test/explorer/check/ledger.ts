import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import type { Task } from '../world/world.js';
import type { AppliedWrite } from '../table/memory-table.js';

/** `expires_at` has whole seconds. */
const ROUNDING = 1_000;

/** Something that must not happen. Findings of one kind have one cause, as far as the explorer can tell. */
export interface Finding {
  readonly kind: string;
  readonly text: string;
  /** The step of the request that it is about, if there is one. */
  readonly step?: number | undefined;
}

/** One request for a turn: what its caller has seen, and what has arrived in the table. Times are of the true clock. */
export interface Attempt {
  readonly step: number;
  readonly user: string;
  readonly prompt: string;
  readonly reply: string;
  readonly calledAt: number;
  readonly task: Task;
  /** When its time limit is over. */
  readonly runsUntil: number;
  /** Known from the beginning if a key or the request names the chat. */
  chatId: string | undefined;
  /** `unknown`: an error that says nothing, or no result yet. */
  outcome: 'unknown' | 'begun' | 'replayed' | 'refused';
  refusal?: string;
  /** When the caller knew that the turn has begun, or that it has not. */
  knownAt?: number;
  /** When its begin was written. */
  appliedAt?: number;
  /** Its turns that have held the chat: more than one if the first was ended as dead, and the process begins again. */
  readonly turns: Holder[];
  /** When its agent has ended. */
  endedAt?: number;
  /** When its end was stored, though its caller may not know it. */
  storedAt?: number;
  /** Its end was stored while it held the chat. */
  isStoredInTime?: boolean;
  number?: number;
  /** The number of the first turn that it replaces. */
  replaces?: number | undefined;
  status?: 'done' | 'partial' | 'stopped' | 'failed';
  /** When its item expires; before it is stored, the earliest time. */
  expiresAt?: number;
  /** Since when nothing of it may be shown. */
  gone?: { readonly at: number; readonly why: 'deleted' | 'expired' };
}

/** A delete or a rename: when it ran, and how it ended. */
export interface ChangeOfChat {
  readonly user: string;
  /** Undefined for all chats of the user. */
  readonly chatId: string | undefined;
  readonly from: number;
  to: number;
  /** `unknown`: it still runs, or its end says nothing. */
  outcome: 'unknown' | 'done' | 'refused';
}

export interface Rename extends ChangeOfChat {
  readonly title: string;
}

/** A turn that held a chat. */
export interface Holder {
  readonly lease: string;
  readonly step: number;
  readonly from: number;
  to: number;
  readonly until: number;
}

/** A place in the quota that a turn has asked for. */
export interface QuotaPlace {
  readonly user: string;
  /** The attributes that count its day and its minute, and the tokens of the day. */
  readonly day: string;
  readonly minute: string;
  readonly tokens: string;
  readonly step: number;
  readonly calledAt: number;
  /** When it was surely free again. */
  freedAt?: number;
}

/** What all callers have seen, and what has happened to heads. It knows nothing of how the product works. */
export class Ledger {
  readonly attempts: Attempt[] = [];
  readonly deletes: ChangeOfChat[] = [];
  readonly renames: Rename[] = [];
  readonly findings: Finding[] = [];
  /** The places in the quota that turns have asked for. */
  readonly quotaPlaces: QuotaPlace[] = [];
  readonly holders = new Map<string, Holder[]>();
  /** Chats whose head has expired, and was removed or written again. */
  readonly expiredChats = new Set<string>();
  /** The users of the chats that the original system has left. */
  readonly legacyOwners = new Map<string, string>();
  /** Chats whose head or its tombstone was removed. */
  private readonly removedHeads = new Set<string>();
  /** How much the clocks of the processes and of the table differ at most, in milliseconds, and what rounding adds. */
  readonly clockMargin: number;
  /** The expiry of heads that were written again with another one, and when. */
  private readonly renewals: { readonly chatId: string; readonly at: number; readonly expiry: number }[] = [];

  constructor(
    private readonly findHead: (chatId: string, user: string) => Item | undefined,
    clocks: readonly number[],
  ) {
    this.clockMargin = Math.max(0, ...clocks) - Math.min(0, ...clocks) + ROUNDING;
  }

  report(kind: string, text: string, step?: number): void {
    this.findings.push({ kind, text, step });
  }

  attemptsOf(chatId: string): Attempt[] {
    return this.attempts.filter((attempt) => attempt.chatId === chatId);
  }

  /** Follows a write to a head. @param step - the step whose call it is. */
  onWrite({ before, after }: AppliedWrite, { step, now }: { step: number; now: number }): void {
    const id = String(after['id']);
    if (String(after['user_id']).includes('#') || id.startsWith('usage#')) return;
    this.noteExpiry(id, before, now);
    const expiry = toExpiryTime(before);
    if (expiry !== toExpiryTime(after)) this.renewals.push({ chatId: id, at: now, expiry });
    const { lease, until } = Object(after['open']) as { lease?: string; until?: number };
    const holders = this.holders.get(id) ?? [];
    this.holders.set(id, holders);
    const last = holders.at(-1);
    if (last && last.to === Infinity && last.lease !== lease) last.to = now;
    if (lease === undefined || (last?.lease === lease && last.to === Infinity)) return;
    const holder = { lease, step, from: now, to: Infinity, until: until ?? 0 };
    holders.push(holder);
    const attempt = this.attempts.find((other) => other.step === step);
    if (!attempt) return;
    attempt.chatId ??= id;
    attempt.appliedAt ??= now;
    attempt.turns.push(holder);
  }

  /** If the head has expired, nothing of its turns may be shown again. */
  noteExpiry(chatId: string, head: Item | undefined, now: number): void {
    const expiry = toExpiryTime(head);
    if (expiry + this.clockMargin > now || head?.['deleted_at'] !== undefined) return;
    this.expiredChats.add(chatId);
    for (const attempt of this.attemptsOf(chatId)) {
      if (attempt.appliedAt !== undefined && attempt.appliedAt < now) attempt.gone ??= { at: expiry, why: 'expired' };
    }
  }

  /** DynamoDB has removed an expired head. */
  noteRemoval(chatId: string, head: Item, now: number): void {
    const why = head['deleted_at'] === undefined ? 'expired' : 'deleted';
    this.removedHeads.add(chatId);
    if (why === 'expired') this.expiredChats.add(chatId);
    for (const attempt of this.attemptsOf(chatId)) {
      if (attempt.appliedAt !== undefined) attempt.gone ??= { at: now, why };
    }
  }

  /**
   * A delete is acknowledged: nothing that was asked for before `until` may be shown from now on. A chat that expired
   * first, or whose tombstone was removed first, has left nothing that keeps a begin out.
   */
  noteDelete(chatId: string, now: number, until = now): void {
    const isForgotten = this.expiredChats.has(chatId) || this.removedHeads.has(chatId);
    for (const attempt of this.attemptsOf(chatId)) {
      const { appliedAt = Infinity } = attempt;
      if (isForgotten && appliedAt >= until) continue;
      if (attempt.calledAt < until) attempt.gone ??= { at: now, why: 'deleted' };
    }
  }

  /**
   * Whether a chat may be missing for a request that began at `from`: somebody deletes it, or its time was up. Another
   * turn may have renewed it after the request has read it.
   */
  mayBeMissing(chatId: string, user: string, { from, now }: { from: number; now: number }): boolean {
    const replaced = this.renewals.filter((renewal) => renewal.chatId === chatId && renewal.at >= from);
    const expiries = [toExpiryTime(this.findHead(chatId, user)), ...replaced.map(({ expiry }) => expiry)];
    return this.isBeingDeleted(chatId, user) || expiries.some((expiry) => expiry - this.clockMargin < now);
  }

  /** Whether somebody has asked for a delete of the chat, and it has begun. */
  isBeingDeleted(chatId: string, user: string): boolean {
    const head = this.findHead(chatId, user);
    return (
      (!head || head['deleted_at'] !== undefined) && this.deletesOf(chatId, user).some((change) => this.mayAct(change))
    );
  }

  /** A delete that has failed may not take a chat that has gone on since then. */
  private mayAct({ chatId, outcome, to }: ChangeOfChat): boolean {
    if (chatId === undefined || outcome === 'done') return true;
    return !this.attemptsOf(chatId).some(({ calledAt, storedAt }) => calledAt > to && storedAt !== undefined);
  }

  deletesOf(chatId: string, user: string): ChangeOfChat[] {
    return this.deletes.filter((change) => change.user === user && (change.chatId ?? chatId) === chatId);
  }
}

function toExpiryTime(head: Item | undefined): number {
  const seconds = head?.['expires_at'];
  return typeof seconds === 'number' ? seconds * 1000 : Infinity;
}
