import { toTitle } from '../../src/chat/model/title.js';
import { composeReply } from '../../src/local/emulator/reply.js';
import { type ShownMessage, turnsOf } from '../../test/support/chat-client.js';
import { ChatModel } from '../../test/support/chat-model.js';
import { demand } from './wrong-answer.js';

/** A turn whose result is open: its client has disconnected, or got an error. */
interface DoubtfulTurn {
  readonly key: string | undefined;
  /** The client has seen that it has begun, so its prompt must be in the history. */
  isBegun: boolean;
  /** The part of its reply that the client has read. */
  part?: string;
}

/** A turn with a key, to be repeated. */
export interface KeyedTurn {
  readonly prompt: string;
  readonly key: string;
  readonly reply: string;
}

interface ReconcileOptions {
  /** The messages are the newest part of the history. */
  readonly isTail?: boolean;
  /** No turn may be pending any more. */
  readonly isSettled?: boolean;
}

/** One chat as its user knows it. Every history that the service shows is compared with it. */
export class KnownChat {
  readonly keyedTurns: KeyedTurn[] = [];
  /** Undefined while the result of a rename is open. */
  title: string | undefined;
  /** `performance.now()` of the last request that may change it. */
  changedAt = performance.now();
  private readonly model = new ChatModel();
  private readonly acknowledged = new Map<string, string>();
  /** Prompts that were sent again. Each try that failed is a turn of its own. */
  private readonly repeated = new Set<string>();
  private readonly doubtful = new Map<string, DoubtfulTurn>();

  constructor(
    readonly id: string,
    firstPrompt: string,
  ) {
    this.title = toTitle(firstPrompt);
  }

  get turnCount(): number {
    return this.acknowledged.size;
  }

  /** Whether a turn without a known result may still be running, or may have failed. */
  get hasDoubt(): boolean {
    return this.doubtful.size > 0;
  }

  isAcknowledged(prompt: string): boolean {
    return this.acknowledged.has(prompt);
  }

  /** Call it before a turn is sent. */
  expectTurn(prompt: string, key?: string): void {
    this.changedAt = performance.now();
    if (this.doubtful.has(prompt)) this.repeated.add(prompt);
    else this.doubtful.set(prompt, { key, isBegun: false });
  }

  /** The turn was refused before it began. */
  forgetTurn(prompt: string): void {
    this.doubtful.delete(prompt);
  }

  markBegun(prompt: string): void {
    const turn = this.doubtful.get(prompt);
    if (turn) turn.isBegun = true;
  }

  /** The client has read this part of the reply, and then the error. */
  expectPartial(prompt: string, part: string): void {
    this.markBegun(prompt);
    const turn = this.doubtful.get(prompt);
    if (turn) turn.part = part;
  }

  /** The service has said that the turn is complete. */
  acknowledge(prompt: string, reply: string): void {
    this.changedAt = performance.now();
    const known = this.acknowledged.get(prompt);
    demand(known === undefined || known === reply, 'a turn has two replies', { prompt, known, reply });
    if (known !== undefined) return;
    const key = this.doubtful.get(prompt)?.key;
    this.doubtful.delete(prompt);
    this.checkReply(prompt, reply);
    const turn = this.model.begin(prompt, key);
    demand(typeof turn === 'object' && 'status' in turn, 'the model refuses a turn', { prompt, turn });
    this.model.complete(turn, { status: 'done', reply });
    this.model.release(turn);
    this.acknowledged.set(prompt, reply);
    if (key !== undefined) this.keyedTurns.push({ prompt, key, reply });
  }

  /** What the chat would respond to a repetition, by the model. */
  replay(prompt: string, key: string): unknown {
    return this.model.begin(prompt, key);
  }

  /**
   * Compares a history with the known turns. Complete turns of an open result are then known too.
   *
   * @throws WrongAnswerError if a turn is lost, doubled, foreign or in a wrong place.
   */
  reconcile(messages: readonly ShownMessage[], { isTail = false, isSettled = false }: ReconcileOptions = {}): void {
    const expected = this.model.view();
    const shown = turnsOf({ id: this.id, messages });
    const evidence = { chat: this.id, expected: expected.slice(-4), shown: shown.slice(-4) };
    const seen = new Set<string>();
    const added: { prompt: string; answer: string }[] = [];
    let next = expected.length - 1;
    for (const { prompt, answer, status } of shown.toReversed()) {
      const [knownPrompt, knownReply] = expected[next] ?? [];
      const isComplete = status === undefined && answer !== undefined;
      if (isComplete && prompt === knownPrompt && answer === knownReply) {
        next -= 1;
        continue;
      }
      const isCopy = isComplete && (seen.has(prompt) || this.acknowledged.has(prompt));
      demand(!isCopy, 'a turn is doubled or in a wrong place', { prompt, ...evidence });
      const isFailedTry = !isComplete && this.repeated.has(prompt);
      demand(isFailedTry || this.doubtful.has(prompt), 'a turn that is not known here, or not as it was', {
        prompt,
        ...evidence,
      });
      demand(!isSettled || status !== 'pending', 'a turn is still pending', { prompt, ...evidence });
      const { part } = this.doubtful.get(prompt) ?? {};
      const isPartRight = part === undefined || (answer === part && status === 'partial');
      demand(isPartRight, 'a partial reply is not what was streamed', { prompt, part, ...evidence });
      seen.add(prompt);
      if (isComplete && next === expected.length - 1) added.unshift({ prompt, answer });
    }
    demand(isTail || next === -1, 'a turn is lost', { lost: expected[next], ...evidence });
    const lost = [...this.doubtful].find(([prompt, turn]) => turn.isBegun && !seen.has(prompt));
    demand(isTail || !lost, 'a turn that had begun is lost', { lost, ...evidence });
    const ids = messages.flatMap((message) => (message as ShownMessage & { id?: string }).id ?? []);
    demand(new Set(ids).size === ids.length, 'two messages have one id', { ids, ...evidence });
    for (const { prompt, answer } of added) this.acknowledge(prompt, answer);
  }

  /** Whether a history has a turn that runs. */
  static isRunning(messages: readonly ShownMessage[]): boolean {
    return messages.some(({ status }) => status === 'pending');
  }

  /**
   * The emulated agent counts the turns of its session, and quotes the prompt and the first prompt. A busy table may cost
   * a chat its session. A new session is told the newest turns only.
   */
  private checkReply(prompt: string, reply: string): void {
    const earlier = [...this.acknowledged.keys()];
    if (!this.hasDoubt) {
      const wanted = composeReply(prompt, earlier).text;
      const isOfSession = (_: string, first: number) => composeReply(prompt, earlier.slice(first)).text === reply;
      demand(reply === wanted || earlier.some(isOfSession), 'a reply is not of this turn', {
        chat: this.id,
        turn: earlier.length + 1,
        wanted,
        reply,
      });
      return;
    }
    const [wanted = ''] = composeReply(prompt, []).text.split('\n\n');
    demand(reply.startsWith(wanted), 'a reply is not of this prompt', { chat: this.id, wanted, reply });
  }
}
