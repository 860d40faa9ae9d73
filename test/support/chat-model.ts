/** A turn as the storage should have it. */
export interface ModelTurn {
  readonly prompt: string;
  status: 'running' | 'failed' | 'partial' | 'stopped' | 'done';
  reply?: string;
  /** Its lease has expired. */
  isExpired: boolean;
  /** Another turn has its key now, so a late reply is refused. */
  isSuperseded: boolean;
}

export type Refusal = 'not found' | 'busy' | 'key reused' | 'superseded';

/** How a turn ends in the model. */
export type ModelOutcome =
  { readonly status: 'done' | 'partial' | 'stopped'; readonly reply: string } | { readonly status: 'failed' };

/** One chat in memory, by the plain rules. The storage is compared with it. */
export class ChatModel {
  private readonly turns: ModelTurn[] = [];
  private readonly keys = new Map<string, ModelTurn>();
  private holder: ModelTurn | undefined;
  isDeleted = false;

  begin(prompt: string, key: string | undefined): ModelTurn | { readonly replay: string } | Refusal {
    if (this.isDeleted) return 'not found';
    const known = key === undefined ? undefined : this.keys.get(key);
    if (known && known.prompt !== prompt) return 'key reused';
    if (known?.status === 'done') return { replay: known.reply ?? '' };
    if (!this.freeHolder()) return 'busy';
    if (known) known.isSuperseded = true;
    const turn: ModelTurn = { prompt, status: 'running', isExpired: false, isSuperseded: false };
    this.turns.push(turn);
    this.holder = turn;
    if (key !== undefined) this.keys.set(key, turn);
    return turn;
  }

  complete(turn: ModelTurn, outcome: ModelOutcome): Refusal | undefined {
    if (this.isDeleted) return 'not found';
    if (turn.isSuperseded) return 'superseded';
    Object.assign(turn, outcome);
    return undefined;
  }

  release(turn: ModelTurn): void {
    if (this.holder === turn) this.holder = undefined;
  }

  delete(): Refusal | undefined {
    if (this.isDeleted) return 'not found';
    if (!this.freeHolder()) return 'busy';
    this.isDeleted = true;
    return undefined;
  }

  /** The turn that holds the chat, unless it has ended or its lease has expired. */
  get running(): ModelTurn | undefined {
    return this.holder?.status === 'running' && !this.holder.isExpired ? this.holder : undefined;
  }

  /** The texts of each turn, with the status that a caller sees. */
  view(): string[][] {
    return this.turns.map(({ prompt, status, reply = '', isExpired }) => {
      if (status === 'done') return [prompt, reply];
      if (status === 'partial') return [prompt, `${reply}:partial`];
      return [`${prompt}:${status === 'running' && !isExpired ? 'pending' : 'failed'}`];
    });
  }

  private freeHolder(): boolean {
    if (this.running) return false;
    if (this.holder?.status === 'running') this.holder.status = 'failed';
    this.holder = undefined;
    return true;
  }
}
