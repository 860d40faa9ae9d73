import type { Replacement } from '../../src/chat/model/turn.js';

/** A turn as the storage should have it. */
export interface ModelTurn {
  readonly prompt: string;
  readonly number: number;
  /** The number of the first turn that it replaces. */
  readonly replaces: number | undefined;
  isHidden: boolean;
  status: 'running' | 'failed' | 'partial' | 'stopped' | 'done';
  reply?: string;
  /** Its lease has expired. */
  isExpired: boolean;
  /** It was told to stop. */
  isTold: boolean;
  /** Another turn has its key now, so a late reply is refused. */
  isSuperseded: boolean;
}

export type Refusal = 'not found' | 'busy' | 'key reused' | 'superseded' | 'stopped' | 'message not found';

/** How a turn ends in the model. */
export type ModelOutcome =
  { readonly status: 'done' | 'partial' | 'stopped'; readonly reply: string } | { readonly status: 'failed' };

/** What a turn begins with, beside its prompt and key. */
export interface ModelBegin {
  /** It stops the running turn. */
  readonly supersedes?: boolean;
  readonly replacement?: Replacement | undefined;
}

/** One chat in memory, by the plain rules. The storage is compared with it. */
export class ChatModel {
  private turns: ModelTurn[] = [];
  private readonly keys = new Map<string, ModelTurn>();
  private holder: ModelTurn | undefined;
  isDeleted = false;
  /** It may be opened again. */
  isForgotten = false;

  begin(
    prompt: string,
    key: string | undefined,
    { supersedes = false, replacement }: ModelBegin = {},
  ): ModelTurn | { readonly replay: string } | Refusal {
    if (this.isForgotten) this.isDeleted = false;
    if (this.isDeleted) return 'not found';
    this.isForgotten = false;
    const known = key === undefined ? undefined : this.keys.get(key);
    if (known && !isSameRequest(known, prompt, replacement)) return 'key reused';
    if (known?.status === 'done') return { replay: known.reply ?? '' };
    if (known?.status === 'stopped') return 'stopped';
    if (!this.freeHolder(supersedes && known !== this.holder)) return 'busy';
    // A dead turn that was told to stop is stopped now.
    if ((known?.status as ModelTurn['status'] | undefined) === 'stopped') return 'stopped';
    if (known) known.isSuperseded = true;
    const replaces = this.resolve(replacement, known);
    if (replaces === 'message not found') return replaces;
    const number = Math.max(0, ...this.turns.map((turn) => turn.number)) + 1;
    const state = { status: 'running', isHidden: false, isExpired: false, isTold: false, isSuperseded: false } as const;
    const turn: ModelTurn = { prompt, number, replaces, ...state };
    this.turns.push(turn);
    this.holder = turn;
    if (key !== undefined) this.keys.set(key, turn);
    return turn;
  }

  complete(turn: ModelTurn, outcome: ModelOutcome): Refusal | undefined {
    if (this.isDeleted) return 'not found';
    if (turn.isSuperseded) return 'superseded';
    // A stop that is stored stands. A late reply adds its text alone.
    const status = turn.status === 'stopped' ? 'stopped' : outcome.status;
    Object.assign(turn, outcome, { status });
    return undefined;
  }

  /** @returns whether there was a turn to tell, which may be stored already. */
  stop(): boolean | Refusal {
    if (this.isDeleted) return 'not found';
    if (!this.live) return false;
    this.live.isTold = true;
    return true;
  }

  release(turn: ModelTurn): void {
    if (this.holder === turn) this.freeHolder(true);
  }

  /** Adds a turn of the original system, as the first one. */
  addLegacyTurn(prompt: string, reply: string): void {
    const state = { status: 'done', isHidden: false, isExpired: false, isTold: false, isSuperseded: false } as const;
    this.turns.unshift({ prompt, reply, number: 0, replaces: undefined, ...state });
  }

  /** The chat has expired. */
  expire(): void {
    this.isDeleted = true;
  }

  /** Nothing is left of a chat that was deleted or has expired. */
  forget(): void {
    this.turns = [];
    this.keys.clear();
    this.holder = undefined;
    this.isDeleted = true;
    this.isForgotten = true;
  }

  /** @param stops - whether the running turn is stopped first. */
  delete(stops = false): Refusal | undefined {
    if (this.isDeleted) return 'not found';
    if (!this.freeHolder(stops)) return 'busy';
    this.isDeleted = true;
    return undefined;
  }

  get isHeld(): boolean {
    return this.holder !== undefined;
  }

  /** The turn that holds the chat, unless its lease has expired. It may be stored already. */
  get live(): ModelTurn | undefined {
    return this.holder?.isExpired ? undefined : this.holder;
  }

  /** Whether a turn holds the chat, maybe with a lease that has expired. */
  isHeldBy(turn: ModelTurn): boolean {
    return this.holder === turn;
  }

  /** The texts of a turn as it is stored; undefined if it is not, or not as this run any more. */
  findStored(turn: ModelTurn): string[] | Refusal | undefined {
    if (this.isDeleted) return 'not found';
    return turn.status === 'running' || turn.isSuperseded ? undefined : toView(turn);
  }

  /** The turn that holds the chat, unless it has ended or its lease has expired. */
  get running(): ModelTurn | undefined {
    return this.holder?.status === 'running' && !this.holder.isExpired ? this.holder : undefined;
  }

  /** The texts of each turn, with the status that a caller sees. */
  view(): string[][] {
    return this.listVisible().map(toView);
  }

  private freeHolder(stops: boolean): boolean {
    const { running } = this;
    if (running && !stops) return false;
    if (running) running.isTold = true;
    if (this.holder?.status === 'running') this.holder.status = toDeadStatus(this.holder);
    const visible = this.listVisible();
    for (const turn of this.turns) turn.isHidden = !visible.includes(turn);
    this.holder = undefined;
    return true;
  }

  /** What holds the chat and has an answer counts as released. */
  private listVisible(): readonly ModelTurn[] {
    const { holder } = this;
    const first = holder && hasAnswer(holder) ? (holder.replaces ?? Infinity) : Infinity;
    return this.turns.filter((turn) => !turn.isHidden && (turn === holder || turn.number < first));
  }

  /** The number of the first turn that is replaced. */
  private resolve(
    replacement: Replacement | undefined,
    known: ModelTurn | undefined,
  ): number | undefined | 'message not found' {
    const visible = this.listVisible();
    if (!replacement) return undefined;
    if (replacement.kind === 'from') {
      const { number } = replacement;
      const standsInItsPlace = known?.replaces === number && visible.includes(known);
      const isFound = standsInItsPlace || visible.some((turn) => turn.number === number);
      return isFound ? number : 'message not found';
    }
    const kept = visible.findLast(({ number }) => replacement.numbers.includes(number));
    if (kept === visible.at(-1)) return undefined;
    return kept ? kept.number + 1 : this.turns[0]?.number;
  }
}

function hasAnswer({ status, reply = '' }: ModelTurn): boolean {
  return status === 'done' || status === 'partial' || (status === 'stopped' && reply !== '');
}

function isSameRequest(known: ModelTurn, prompt: string, replacement: Replacement | undefined): boolean {
  if (known.prompt !== prompt) return false;
  return replacement?.kind === 'after' || known.replaces === replacement?.number;
}

function toView(turn: ModelTurn): string[] {
  const { prompt, status, reply = '', isExpired } = turn;
  if (status === 'done') return [prompt, reply];
  if (status === 'partial' || (status === 'stopped' && reply !== '')) return [prompt, `${reply}:${status}`];
  if (status === 'running') return [`${prompt}:${isExpired ? toDeadStatus(turn) : 'pending'}`];
  return [`${prompt}:${status}`];
}

/** What is kept of a turn that its process did not end. */
function toDeadStatus({ isTold }: ModelTurn): 'stopped' | 'failed' {
  return isTold ? 'stopped' : 'failed';
}
