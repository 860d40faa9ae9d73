/** A turn as the storage should have it. */
export interface ModelTurn {
  readonly prompt: string;
  status: 'running' | 'failed' | 'partial' | 'stopped' | 'done';
  reply?: string;
  /** Its lease has expired. */
  isExpired: boolean;
  /** It was told to stop. */
  isTold: boolean;
  /** Another turn has its key now, so a late reply is refused. */
  isSuperseded: boolean;
}

export type Refusal = 'not found' | 'busy' | 'key reused' | 'superseded' | 'stopped';

/** How a turn ends in the model. */
export type ModelOutcome =
  { readonly status: 'done' | 'partial' | 'stopped'; readonly reply: string } | { readonly status: 'failed' };

/** One chat in memory, by the plain rules. The storage is compared with it. */
export class ChatModel {
  private readonly turns: ModelTurn[] = [];
  private readonly keys = new Map<string, ModelTurn>();
  private holder: ModelTurn | undefined;
  isDeleted = false;

  /** @param supersedes - whether the turn stops the running one. */
  begin(
    prompt: string,
    key: string | undefined,
    supersedes = false,
  ): ModelTurn | { readonly replay: string } | Refusal {
    if (this.isDeleted) return 'not found';
    const known = key === undefined ? undefined : this.keys.get(key);
    if (known && known.prompt !== prompt) return 'key reused';
    if (known?.status === 'done') return { replay: known.reply ?? '' };
    if (known?.status === 'stopped') return 'stopped';
    if (!this.freeHolder(supersedes && known !== this.holder)) return 'busy';
    // A dead turn that was told to stop is stopped now.
    if ((known?.status as ModelTurn['status'] | undefined) === 'stopped') return 'stopped';
    if (known) known.isSuperseded = true;
    const turn: ModelTurn = { prompt, status: 'running', isExpired: false, isTold: false, isSuperseded: false };
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
    if (!this.holder || this.holder.isExpired) return false;
    this.holder.isTold = true;
    return true;
  }

  release(turn: ModelTurn): void {
    if (this.holder === turn) this.holder = undefined;
  }

  /** @param stops - whether the running turn is stopped first. */
  delete(stops = false): Refusal | undefined {
    if (this.isDeleted) return 'not found';
    if (!this.freeHolder(stops)) return 'busy';
    this.isDeleted = true;
    return undefined;
  }

  /** The turn that holds the chat, unless it has ended or its lease has expired. */
  get running(): ModelTurn | undefined {
    return this.holder?.status === 'running' && !this.holder.isExpired ? this.holder : undefined;
  }

  /** The texts of each turn, with the status that a caller sees. */
  view(): string[][] {
    return this.turns.map((turn) => {
      const { prompt, status, reply = '', isExpired } = turn;
      if (status === 'done') return [prompt, reply];
      if (status === 'partial' || (status === 'stopped' && reply !== '')) return [prompt, `${reply}:${status}`];
      if (status === 'running') return [`${prompt}:${isExpired ? toDeadStatus(turn) : 'pending'}`];
      return [`${prompt}:${status}`];
    });
  }

  private freeHolder(stops: boolean): boolean {
    const { running } = this;
    if (running && !stops) return false;
    if (running) running.isTold = true;
    if (this.holder?.status === 'running') this.holder.status = toDeadStatus(this.holder);
    this.holder = undefined;
    return true;
  }
}

/** What is kept of a turn that its process did not end. */
function toDeadStatus({ isTold }: ModelTurn): 'stopped' | 'failed' {
  return isTold ? 'stopped' : 'failed';
}
