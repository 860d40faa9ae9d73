import type { ChatSummary } from '../model/chat.js';
import { TurnStoppedError } from '../model/chat.errors.js';
import { ReplyText } from '../model/reply-text.js';
import type { RunningTurn } from '../model/turn.js';
import { type TurnIds, toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import type { Reply } from './reply.js';

/** Gets the result of the turn, or undefined as soon as the observer has left. */
type OnEnd = (result: Promise<Reply> | undefined) => void;

/**
 * A turn that runs in this process. It keeps the reply so far, once for any number of observers. They may come late, and read
 * at their own pace.
 */
export class LiveTurn {
  readonly chat: ChatSummary;
  readonly chatId: string;
  readonly ids: TurnIds;
  readonly lease: string;
  /** ISO 8601 UTC: when it began. */
  readonly at: string;
  /** Grows while the agent replies. */
  readonly text = new ReplyText();
  /** Epoch milliseconds: when it began to run. */
  readonly since = Date.now();
  /** The connected observers, each with the function that gets the end of the turn. */
  private readonly observers = new Map<TurnObserver, OnEnd>();
  private readonly abortion = new AbortController();
  private isReplied = false;
  /** The result of the turn, once it has ended. */
  private ended: Promise<Reply> | undefined;

  /** @param ownReader - the stream of the turn's own request, if it has one. */
  constructor(
    readonly userId: string,
    { chat, number, lease, at }: RunningTurn,
    private readonly ownReader?: TurnObserver,
  ) {
    this.chat = chat;
    this.chatId = chat.id;
    this.ids = toTurnIds(chat.id, number);
    this.lease = lease;
    this.at = at;
  }

  /** Aborts the call to the agent. Its reason is the error of the turn. */
  get signal(): AbortSignal {
    return this.abortion.signal;
  }

  /** Whether the agent still replies, so that the turn can be stopped. */
  get isAsking(): boolean {
    return !this.isReplied && !this.signal.aborted;
  }

  /** Whether a stream has asked for the turn, and no reader is connected any more. */
  get isAbandoned(): boolean {
    return this.ownReader !== undefined && this.observers.size === 0;
  }

  /** Runs the turn. */
  async run(work: (turn: LiveTurn) => Promise<Reply>): Promise<Reply> {
    const result = work(this);
    try {
      return await result;
    } finally {
      this.ended = result;
      for (const onEnd of this.observers.values()) onEnd(result);
    }
  }

  /** Shows the start to the stream of the turn's own request. */
  start(): void {
    if (this.ownReader) this.attach(this.ownReader, () => undefined);
  }

  /**
   * Shows the turn to another observer: the start, the text so far if there is any, and what comes.
   *
   * @returns the result of the turn once it is stored, or undefined as soon as the observer has left.
   * @throws what the turn throws.
   */
  async show(observer: TurnObserver): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      this.attach(observer, resolve);
      if (this.ended) resolve(this.ended);
    });
  }

  /** Calls the observers, after the text has grown. */
  notify(): void {
    for (const observer of this.observers.keys()) observer.onText();
  }

  /** The agent has ended. What it has said is stored, whatever comes now. */
  endReply(): void {
    this.isReplied = true;
  }

  /** Stops the agent for a user. After the end of the agent it does nothing. */
  stop(): void {
    if (!this.isReplied) this.abort(new TurnStoppedError());
  }

  /** Stops the turn for another reason, which becomes its error. */
  abort(reason: Error): void {
    this.abortion.abort(reason);
  }

  /** A promise of the whole turn would hold its observers until the end, so each has a function that is dropped with it. */
  private attach(observer: TurnObserver, onEnd: OnEnd): void {
    const { left } = observer;
    if (left.aborted) return onEnd(undefined);
    const detach = () => {
      this.observers.delete(observer);
      onEnd(undefined);
    };
    left.addEventListener('abort', detach, { once: true });
    this.observers.set(observer, onEnd);
    observer.onStart(this.chat, this.ids, this.text);
    if (this.text.length > 0) observer.onText();
  }
}
