import type { AgentEvent } from '../agent.js';
import { AgentTimeoutError } from '../agent.errors.js';

/** Milliseconds that the end of a session may take after its turn was given up. */
const END_MILLISECONDS = 3_000;

/**
 * Ends the sessions of replies that are given up: stopped, too late, or cut. The agent would run on although nobody reads it,
 * and no chat knows the session any more.
 */
export class GivenUpSessions {
  private readonly ends = new Set<Promise<void>>();

  /** @param end - ends a session at once. */
  constructor(private readonly end: (sessionId: string, signal: AbortSignal) => Promise<void>) {}

  /** Yields the events of a reply, and ends its session if the reply is given up before its end. */
  async *follow(events: AsyncIterable<AgentEvent>, sessionId: string, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    let isGivenUp = true;
    try {
      for await (const event of events) {
        if (event.type === 'end') isGivenUp = false;
        yield event;
      }
    } catch (error) {
      isGivenUp &&= signal.aborted || error instanceof AgentTimeoutError;
      throw error;
    } finally {
      if (isGivenUp) this.endInBackground(sessionId);
    }
  }

  /** Waits for the sessions that are being ended. */
  async idle(): Promise<void> {
    await Promise.all(this.ends);
  }

  /** The caller of the turn does not wait. If it fails, the session ends by its own idle time. */
  private endInBackground(sessionId: string): void {
    const end = this.end(sessionId, AbortSignal.timeout(END_MILLISECONDS))
      .catch(() => undefined)
      .finally(() => this.ends.delete(end));
    this.ends.add(end);
  }
}
