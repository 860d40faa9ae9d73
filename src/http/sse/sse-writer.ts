import type { ServerResponse } from 'node:http';
import { SILENCE_TIMEOUTS, type SilenceTimeouts } from './silence-timeouts.js';

/** A comment, which clients ignore (HTML standard, 9.2.6). */
const KEEP_ALIVE = ': keep-alive\n\n';

/** `waiting`: nothing was sent; `ending`: only what the source still has is sent; `closed`: nothing more is written. */
type SseState = 'waiting' | 'open' | 'ending' | 'closed';

/** Produces the events of a stream. */
export interface SseSource {
  /** Headers of its protocol. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Returns the next events as text, or an empty text if there are none now. One call returns a bounded size, because all
   * of it is kept for a client that does not read.
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
    if (this.currentState !== 'open' && this.currentState !== 'ending') return;
    while (!this.response.writableNeedDrain) {
      const events = this.source.takeEvents();
      if (events === '') return this.endIfDone();
      this.response.write(events);
    }
  }

  /** Ends the response after the last event of the source. A client that has no room gets the rest later. */
  end(): void {
    if (this.currentState === 'waiting') this.open();
    if (this.currentState !== 'open') return;
    clearTimeout(this.timer);
    this.currentState = 'ending';
    this.flush();
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
    const events = comment + this.source.takeEvents();
    if (events !== '') this.response.write(events);
    this.flush();
    this.timer = setInterval(() => {
      if (!this.response.writableNeedDrain) this.response.write(KEEP_ALIVE);
    }, this.timeouts.keepAliveInterval);
  }

  private endIfDone(): void {
    if (this.currentState !== 'ending') return;
    this.close();
    this.response.end();
  }
}
