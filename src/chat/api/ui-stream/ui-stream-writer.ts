import type { Response } from 'express';
import { toPublicError } from '../../../http/errors/error.filter.js';
import type { ChatSummary } from '../../model/chat.js';
import type { Reply } from '../../service/reply.js';
import { toChatSummaryBody } from '../dto/chat-response.js';
import type { TurnObserver } from '../../model/turn-observer.js';
import {
  DONE,
  eventOf,
  KEEP_ALIVE,
  toSourcePart,
  STREAM_HEADERS,
  type StreamPart,
  textDelta,
  textEnd,
  textStart,
} from './ui-message-parts.js';

/** How a stream behaves in time, in milliseconds. */
export interface StreamTimes {
  /**
   * The silence, from the request on, after which a stream opens all the same, so that gateways do not give up; a
   * status is 200 from then.
   */
  readonly openAfter: number;
  /** Between two comments. */
  readonly keepAlive: number;
  /** How long a reader may take for what is left of the answer once the turn has ended. */
  readonly patience: number;
}

const TIMES: StreamTimes = { openAfter: 10_000, keepAlive: 15_000, patience: 60_000 };

/**
 * Answers with a turn as it happens. Until the agent has said something, or has been silent for long, nothing is sent,
 * so that what goes wrong before is thrown here and answered with its status.
 *
 * @param work - runs the turn and tells the observer of it.
 */
export async function streamReply(
  response: Response,
  work: (observer: TurnObserver) => Promise<Reply>,
  times: StreamTimes = TIMES,
): Promise<void> {
  const stream = new TurnStream(response, times);
  try {
    stream.finish(await work(stream));
  } catch (error) {
    if (!stream.fail(error)) throw error;
  }
}

/**
 * Writes a turn as an AI SDK UI message stream. It takes what it is told at once and never makes the turn wait: what
 * a slow reader has not taken yet is kept as one text, which is never longer than an answer may be, and a reader who
 * has left is written to no more.
 */
class TurnStream implements TurnObserver {
  /** Absent until the turn has begun, which takes longer than the first silence where the table is slow. */
  private start: (StreamPart & { type: 'start' }) | undefined;
  private state: 'waiting' | 'open' | 'closed' = 'waiting';
  private hasText = false;
  /** Text that the reader has not had room for. */
  private pending = '';
  private timer: NodeJS.Timeout;

  constructor(
    private readonly response: Response,
    private readonly times: StreamTimes,
  ) {
    this.timer = setTimeout(() => this.open(KEEP_ALIVE), times.openAfter);
    response.once('close', () => this.close());
    response.on('drain', () => this.flush());
    // Who left while the request was read has been told of already.
    if (response.closed) this.close();
  }

  onStart(chat: ChatSummary, messageId: string): void {
    this.start = { type: 'start', messageId, messageMetadata: { chat: toChatSummaryBody(chat) } };
    this.write(eventOf(this.start));
  }

  onText(text: string): void {
    if (this.state === 'closed') return;
    this.pending += text;
    if (this.state === 'waiting') this.open();
    else this.flush();
  }

  /** The turn is done and stored. One that nothing was told of is a replay, and is sent whole. */
  finish(reply: Reply): void {
    if (reply.isReplay) {
      if (this.state === 'waiting') this.response.setHeader('idempotency-replayed', 'true');
      this.onStart(reply.chat, reply.messageId);
      this.onText(reply.response);
    }
    if (this.state === 'waiting') this.open();
    const sources = reply.citations.map((citation, index) => toSourcePart(citation, index + 1));
    const messageMetadata = { chat: toChatSummaryBody(reply.chat) };
    this.end([...sources, { type: 'finish', finishReason: 'stop', messageMetadata }]);
  }

  /** The turn has failed. @returns whether the caller is told so here; else nothing has been sent yet. */
  fail(thrown: unknown): boolean {
    if (this.state === 'waiting') {
      this.close();
      return false;
    }
    const { error: errorText } = toPublicError(thrown);
    const messageMetadata = this.start && { messageMetadata: this.start.messageMetadata };
    this.end([
      { type: 'error', errorText },
      { type: 'finish', finishReason: 'error', ...messageMetadata },
    ]);
    return true;
  }

  /** Everything that is known by now goes out in one piece. */
  private open(comment = ''): void {
    clearTimeout(this.timer);
    this.state = 'open';
    this.response.writeHead(200, STREAM_HEADERS);
    this.write(comment + (this.start ? eventOf(this.start) : '') + this.takePending());
    this.timer = setInterval(() => {
      if (!this.response.writableNeedDrain) this.write(KEEP_ALIVE);
    }, this.times.keepAlive);
  }

  private flush(): void {
    if (this.state === 'open' && !this.response.writableNeedDrain) this.write(this.takePending());
  }

  private takePending(): string {
    if (this.pending === '') return '';
    const text = this.pending;
    this.pending = '';
    const start = this.hasText ? '' : eventOf(textStart);
    this.hasText = true;
    return start + eventOf(textDelta(text));
  }

  private end(parts: readonly StreamPart[]): void {
    if (this.state !== 'open') return;
    const rest = this.takePending();
    const ending = this.hasText ? [textEnd, ...parts] : parts;
    this.close();
    this.response.end(rest + ending.map(eventOf).join('') + DONE);
    const patience = setTimeout(() => this.response.destroy(), this.times.patience);
    this.response.once('close', () => clearTimeout(patience));
  }

  private write(text: string): void {
    if (text !== '' && this.state === 'open') this.response.write(text);
  }

  /** Nothing more is written: the stream has ended, or its reader has left. */
  private close(): void {
    this.state = 'closed';
    this.pending = '';
    clearTimeout(this.timer);
  }
}
