import type { ServerResponse } from 'node:http';
import { logFailure } from '../../../http/errors/log-failure.js';
import { toPublicError } from '../../../http/errors/public-error.js';
import type { SilenceTimeouts } from '../../../http/sse/silence-timeouts.js';
import { SseWriter } from '../../../http/sse/sse-writer.js';
import type { ChatSummary } from '../../model/chat.js';
import { ReplyText } from '../../model/reply-text.js';
import type { TurnIds } from '../../model/turn-ids.js';
import type { TurnObserver } from '../../model/turn-observer.js';
import type { Reply } from '../../service/reply.js';
import { setReplyHeaders } from '../reply-headers.js';
import { UiMessageEncoder } from './ui-message-encoder.js';

/**
 * Responds with a turn while it runs. The stream opens with the agent's first text, or after the first-byte time-out.
 * An error before that is thrown, so the response gets the status of the error; a later one is sent in the stream.
 *
 * @param runTurn - runs the turn and reports to the observer.
 */
export async function streamReply(
  response: ServerResponse,
  runTurn: (observer: TurnObserver) => Promise<Reply>,
  timeouts?: SilenceTimeouts,
): Promise<void> {
  const stream = new ReplyStream(response, timeouts);
  try {
    stream.finish(await runTurn(stream));
  } catch (error) {
    if (!stream.fail(error)) throw error;
  }
}

/** Sends what it observes of a turn. It never makes the turn wait. */
class ReplyStream implements TurnObserver {
  private readonly encoder = new UiMessageEncoder();
  private readonly writer: SseWriter;

  constructor(
    private readonly response: ServerResponse,
    timeouts: SilenceTimeouts | undefined,
  ) {
    this.writer = new SseWriter(response, this.encoder, timeouts);
  }

  get isConnected(): boolean {
    return this.writer.state !== 'closed';
  }

  onStart(chat: ChatSummary, ids: TurnIds, text: ReplyText): void {
    this.encoder.addStart(chat, ids, text);
    this.writer.flush();
  }

  onText(): void {
    this.writer.send();
  }

  /** The turn is stored. A replay was not observed, so all of it is sent here. */
  finish(reply: Reply): void {
    if (reply.isReplay) {
      if (this.writer.state === 'waiting') setReplyHeaders(this.response, reply);
      const text = new ReplyText();
      text.append(reply.text);
      this.encoder.addStart(reply.chat, reply.ids, text);
    }
    this.encoder.finish(reply);
    this.writer.end();
  }

  /** The turn has failed. @returns false if nothing was sent yet; the caller then responds to the error. */
  fail(thrown: unknown): boolean {
    if (this.writer.state === 'waiting') {
      this.writer.close();
      return false;
    }
    const publicError = toPublicError(thrown);
    logFailure(thrown, publicError);
    this.encoder.fail(publicError.error);
    this.writer.end();
    return true;
  }
}
