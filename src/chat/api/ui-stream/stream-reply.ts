import type { ServerResponse } from 'node:http';
import { logFailure } from '../../../http/errors/log-failure.js';
import { toPublicError } from '../../../http/errors/public-error.js';
import type { SilenceTimeouts } from '../../../http/sse/silence-timeouts.js';
import { SseWriter } from '../../../http/sse/sse-writer.js';
import type { ChatSummary } from '../../model/chat.js';
import { TurnStoppedError } from '../../model/chat.errors.js';
import { ReplyText } from '../../model/reply-text.js';
import type { TurnIds } from '../../model/turn-ids.js';
import type { TurnObserver } from '../../model/turn-observer.js';
import type { StreamedReply } from '../../service/reply.js';
import { setReplyHeaders } from '../reply-headers.js';
import { UiMessageEncoder } from './ui-message-encoder.js';

/** Runs a turn, or joins a running one, and reports to the observer. Without a turn its result is undefined. */
type ObservedTurn = (observer: TurnObserver) => Promise<StreamedReply | undefined>;

/**
 * Responds with a turn while it runs. The stream opens with the agent's first text, or after the first-byte time-out.
 * An error before that is thrown, so the response gets the status of the error; a later one is sent in the stream.
 */
export async function streamReply(
  response: ServerResponse,
  runTurn: ObservedTurn,
  timeouts?: SilenceTimeouts,
): Promise<void> {
  await respond(new ReplyStream(response, { timeouts }), runTurn);
}

/** Responds with a turn that runs already. The stream opens at once, and without a running turn the response is 204. */
export async function resumeReply(
  response: ServerResponse,
  joinTurn: ObservedTurn,
  timeouts?: SilenceTimeouts,
): Promise<void> {
  await respond(new ReplyStream(response, { timeouts, opensAtOnce: true }), joinTurn);
}

async function respond(stream: ReplyStream, turn: ObservedTurn): Promise<void> {
  try {
    const reply = await turn(stream);
    if (reply) stream.finish(reply);
    else stream.endWithoutTurn();
  } catch (error) {
    if (!stream.fail(error)) throw error;
  }
}

/** Sends what it observes of a turn. It never makes the turn wait. */
class ReplyStream implements TurnObserver {
  private readonly encoder = new UiMessageEncoder();
  private readonly writer: SseWriter;
  private readonly opensAtOnce: boolean;
  private readonly leaving = new AbortController();

  constructor(
    private readonly response: ServerResponse,
    { timeouts, opensAtOnce = false }: { timeouts?: SilenceTimeouts | undefined; opensAtOnce?: boolean },
  ) {
    this.writer = new SseWriter(response, this.encoder, timeouts);
    this.opensAtOnce = opensAtOnce;
    response.once('close', () => this.leaving.abort());
    // The client has left earlier, so there is no further event.
    if (response.closed) this.leaving.abort();
  }

  get left(): AbortSignal {
    return this.leaving.signal;
  }

  onStart(chat: ChatSummary, ids: TurnIds, text: ReplyText): void {
    this.encoder.addStart(chat, ids, text);
    if (this.opensAtOnce) this.writer.send();
    else this.writer.flush();
    // Nest takes HEAD for GET. It has its whole response, so it is no reader.
    if (this.response.req.method === 'HEAD') this.response.end();
  }

  onText(): void {
    this.writer.send();
  }

  /** The turn is stored. A replay was not observed, so all of it is sent here. */
  finish(reply: StreamedReply): void {
    if (reply.isReplay) {
      if (this.writer.state === 'waiting') setReplyHeaders(this.response, reply);
      const text = new ReplyText();
      text.append(reply.text);
      this.encoder.addStart(reply.chat, reply.ids, text);
    }
    this.encoder.finish(reply);
    this.writer.end();
  }

  /** No turn runs. If it took too long to find that out, the stream is open, and ends without an event. */
  endWithoutTurn(): void {
    if (this.writer.state === 'waiting') this.response.statusCode = 204;
    this.writer.close();
    this.response.end();
  }

  /** The turn has failed or was stopped. @returns false if nothing was sent yet; the caller then responds to the error. */
  fail(thrown: unknown): boolean {
    if (this.writer.state === 'waiting') {
      this.writer.close();
      return false;
    }
    if (thrown instanceof TurnStoppedError) this.encoder.abort();
    else {
      const publicError = toPublicError(thrown);
      logFailure(thrown, publicError);
      this.encoder.fail(publicError.error);
    }
    this.writer.end();
    return true;
  }
}
