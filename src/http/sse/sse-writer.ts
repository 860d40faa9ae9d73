import type { ServerResponse } from 'node:http';
import { SILENCE_TIMEOUTS, type SilenceTimeouts } from './silence-timeouts.js';

/** A comment, which clients ignore (HTML standard, 9.2.6). */
const KEEP_ALIVE = ': keep-alive\n\n';

/** `waiting`: nothing was sent; `closed`: nothing more is written. */
type SseState = 'waiting' | 'open' | 'closed';

/** Produces the events of a stream. */
export interface SseSource {
  /** Headers of its protocol. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Returns the events since the last call as text, or an empty text. It keeps them small until then, because a slow
   * client may take long.
   */
  takeEvents(): string;
}

/** Formats an event. The data has no line break; JSON never has one. */
export function toSseEvent(data: string): string {
  return `data: ${data}\n\n`;
}

/**
 * Writes an event stream to a response and knows no protocol. Nothing is sent before the first {@link send}, so until
 * then the response can still get another status. After `firstByteTimeout` the stream opens with a comment.
 *
 * Events are taken from the source only when the client has room for them. If the client disconnects, the writer closes
 * and every later call does nothing.
 */
export class SseWriter {
  private currentState: SseState = 'waiting';
  /** Waits for the first byte. Once the stream is open, it repeats the comments. */
  private timer: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    private readonly source: SseSource,
    private readonly timeouts: SilenceTimeouts = SILENCE_TIMEOUTS,
  ) {
    this.timer = setTimeout(() => this.open(KEEP_ALIVE), timeouts.firstByteTimeout);
    response.once('close', () => this.close());
    response.on('drain', () => this.flush());
    // The client has left earlier, so there is no further event.
    if (response.closed) this.close();
  }

  get state(): SseState {
    return this.currentState;
  }

  /** Sends the events of the source, and opens the stream if it is still waiting. */
  send(): void {
    if (this.currentState === 'waiting') this.open();
    else this.flush();
  }

  /** Sends the events of the source if the stream is open and the client has room. The rest follows later. */
  flush(): void {
    if (this.currentState === 'open' && !this.response.writableNeedDrain) this.write(this.source.takeEvents());
  }

  /** Sends the last events and ends the response. A client that does not read them in time is disconnected. */
  end(): void {
    if (this.currentState === 'waiting') this.open();
    if (this.currentState !== 'open') return;
    this.close();
    this.response.end(this.source.takeEvents());
    const timer = setTimeout(() => this.response.destroy(), this.timeouts.drainTimeout);
    this.response.once('close', () => clearTimeout(timer));
  }

  /** Writes nothing more, and leaves the response as it is. */
  close(): void {
    this.currentState = 'closed';
    clearTimeout(this.timer);
  }

  /** Sends the headers and all events so far in a single write. */
  private open(comment = ''): void {
    clearTimeout(this.timer);
    this.currentState = 'open';
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      ...this.source.headers,
      // Keeps proxies from compressing the stream: a compressor holds events back until it is full.
      'cache-control': 'no-store, no-transform',
      // Keeps nginx from buffering the stream.
      'x-accel-buffering': 'no',
    });
    this.write(comment + this.source.takeEvents());
    this.timer = setInterval(() => {
      if (!this.response.writableNeedDrain) this.write(KEEP_ALIVE);
    }, this.timeouts.keepAliveInterval);
  }

  private write(text: string): void {
    if (text !== '') this.response.write(text);
  }
}
