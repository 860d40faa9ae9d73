import type { AgentEvent } from './agent/agent.js';
import type { Citation, TurnOutcome } from './chat.js';

/** The answer of a running turn, put together from the agent's events. */
export class Answer {
  private text = '';
  private readonly citations = new Map<string, Citation>();
  private hasEnded = false;

  add(event: AgentEvent): void {
    if (event.type === 'text') this.text += event.text;
    // An agent names a source again with each chunk that it supports.
    else if (event.type === 'citation') this.citations.set(JSON.stringify(event.citation), event.citation);
    else this.hasEnded = true;
  }

  /** Whether the agent has said that nothing more comes. */
  get isWhole(): boolean {
    return this.hasEnded;
  }

  /** How the turn ended, judged by what has come: all, a part, or nothing. */
  outcome(): TurnOutcome {
    if (!this.isWhole && this.text === '') return { status: 'failed' };
    const status = this.isWhole ? 'done' : 'partial';
    return { status, answer: this.text, citations: [...this.citations.values()] };
  }
}
