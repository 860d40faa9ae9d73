import { cutAtGrapheme } from '../../common/graphemes.js';
import type { AgentEvent } from './agent.js';
import type { Citation, EndReason, TokenUsage, TurnOutcome } from '../model/chat.js';
import { ReplyText } from '../model/reply-text.js';

/** Maximum size of a reply, in bytes of JSON. A Lambda response may have 6 MB and holds the reply twice, escaped. */
const REPLY_MAX_BYTES = 1_000_000;
/** Maximum size of a reply's citations, in bytes of JSON. They share an item of 400 KB with the turn. */
const CITATIONS_MAX_BYTES = 50_000;

/** Collects the reply of a running turn from the agent's events. */
export class ReplyBuffer {
  private readonly citations = new Map<string, Citation>();
  private textBytes = 0;
  private citationBytes = 0;
  private reason: EndReason | undefined;
  private usage: TokenUsage | undefined;
  private hasOverflowed = false;
  private files = 0;

  /** @param text - gets the text of the reply. */
  constructor(private readonly text = new ReplyText()) {}

  /** @returns the text that this event adds to the reply; may be empty. */
  add(event: AgentEvent): string {
    if (event.type === 'text') return this.addText(event.text);
    if (event.type === 'citation') this.addCitation(event.citation);
    else if (event.type === 'usage') this.addUsage(event);
    else if (event.type === 'files') this.files += event.count;
    else this.reason = event.reason;
    return '';
  }

  /** How many files the agent has made. They are no part of the reply. */
  get fileCount(): number {
    return this.files;
  }

  /** Whether the agent has ended the reply and nothing was cut. */
  get isComplete(): boolean {
    return this.reason !== undefined && !this.hasOverflowed;
  }

  /** Whether the reply was too large, so that its end was cut. */
  get isCut(): boolean {
    return this.hasOverflowed;
  }

  /** How the turn would end now. A reply that the agent ended early is `partial`, with its reason. */
  toOutcome(): TurnOutcome {
    const reply = this.text.toString();
    const usage = this.usage && { usage: this.usage };
    if (!this.isComplete && reply === '') return { status: 'failed', ...usage };
    const reason = this.isComplete ? this.reason : undefined;
    const status = reason === 'stop' || reason === 'content-filter' ? 'done' : 'partial';
    return { status, reply, citations: [...this.citations.values()], ...(reason && { reason }), ...usage };
  }

  /** How the turn ends if a user stops it now. */
  toStoppedOutcome(): TurnOutcome {
    const usage = this.usage && { usage: this.usage };
    return { status: 'stopped', reply: this.text.toString(), citations: [...this.citations.values()], ...usage };
  }

  private addText(text: string): string {
    if (this.hasOverflowed) return '';
    const bytes = countJsonBytes(text);
    this.hasOverflowed = this.textBytes + bytes > REPLY_MAX_BYTES;
    const kept = this.hasOverflowed ? cutToJsonBytes(text, REPLY_MAX_BYTES - this.textBytes) : text;
    this.textBytes += bytes;
    this.text.append(kept);
    return kept;
  }

  private addUsage({ inputTokens, outputTokens }: TokenUsage): void {
    const { usage: total = { inputTokens: 0, outputTokens: 0 } } = this;
    this.usage = { inputTokens: total.inputTokens + inputTokens, outputTokens: total.outputTokens + outputTokens };
  }

  /** An agent repeats a citation with each chunk that it supports. It is kept once. */
  private addCitation(citation: Citation): void {
    const json = JSON.stringify(citation);
    const bytes = Buffer.byteLength(json);
    if (this.citations.has(json) || this.citationBytes + bytes > CITATIONS_MAX_BYTES) return;
    this.citationBytes += bytes;
    this.citations.set(json, citation);
  }
}

/** Bytes of a text inside JSON, without its quotes. */
function countJsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** Cuts a text between graphemes, to at most so many bytes inside JSON. */
function cutToJsonBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += countJsonBytes(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return cutAtGrapheme(text, end);
}
