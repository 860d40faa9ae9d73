import type { AgentEvent } from './agent.js';
import type { Citation, TurnOutcome } from '../model/chat.js';

/** Most of an answer, in bytes of its JSON: a Lambda reply may have 6 MB and holds an answer twice, escaped. */
const ANSWER_MAX_BYTES = 1_000_000;
/** Most of an answer's citations, in bytes of their JSON; they share an item of 400 KB with the turn. */
const CITATIONS_MAX_BYTES = 50_000;

/** The answer of a running turn, put together from the agent's events. */
export class ReplyBuffer {
  private readonly pieces: string[] = [];
  private readonly citations = new Map<string, Citation>();
  private textBytes = 0;
  private citationBytes = 0;
  private hasEnded = false;
  private hasOverflowed = false;

  /** @returns the text that the answer has become longer by; empty where it has not. */
  add(event: AgentEvent): string {
    if (event.type === 'text') return this.addText(event.text);
    if (event.type === 'citation') this.addCitation(event.citation);
    else this.hasEnded = true;
    return '';
  }

  /** Whether the agent has said that nothing more comes, and all of it is here. */
  get isWhole(): boolean {
    return this.hasEnded && !this.hasOverflowed;
  }

  /** Whether more has come than an answer may have; the rest was cut. */
  get isCut(): boolean {
    return this.hasOverflowed;
  }

  /** How the turn ended, judged by what has come: all, a part, or nothing. */
  outcome(): TurnOutcome {
    const answer = this.pieces.join('');
    if (!this.isWhole && answer === '') return { status: 'failed' };
    return { status: this.isWhole ? 'done' : 'partial', reply: answer, citations: [...this.citations.values()] };
  }

  private addText(text: string): string {
    if (this.hasOverflowed) return '';
    const bytes = jsonBytes(text);
    this.hasOverflowed = this.textBytes + bytes > ANSWER_MAX_BYTES;
    const kept = this.hasOverflowed ? cutToJsonBytes(text, ANSWER_MAX_BYTES - this.textBytes) : text;
    this.textBytes += bytes;
    this.pieces.push(kept);
    return kept;
  }

  /** An agent names a source again with each chunk that it supports; once is enough. */
  private addCitation(citation: Citation): void {
    const name = JSON.stringify(citation);
    const bytes = Buffer.byteLength(name);
    if (this.citations.has(name) || this.citationBytes + bytes > CITATIONS_MAX_BYTES) return;
    this.citationBytes += bytes;
    this.citations.set(name, citation);
  }
}

/** Bytes of a text inside JSON, without its quotes. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** As much of a text, in whole characters, as has at most so many bytes inside JSON. */
function cutToJsonBytes(text: string, limit: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > limit) break;
    end += character.length;
  }
  return text.slice(0, end);
}
