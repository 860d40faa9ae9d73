import { type SseSource, toSseEvent } from '../../../http/sse/sse-writer.js';
import type { ChatSummary } from '../../model/chat.js';
import type { TurnIds } from '../../model/turn-ids.js';
import type { Reply } from '../../service/reply.js';
import { toChatSummaryBody } from '../dto/chat-response.js';
import { type StreamPart, textDelta, textEnd, textStart, toSourcePart, toUsageMetadata } from './ui-message-parts.js';

/** Ends every stream of the protocol. */
const DONE = toSseEvent('[DONE]');

/** The parts of a reply that the end of its stream shows. */
type FinishedReply = Pick<Reply, 'citations' | 'reason' | 'usage'> & { readonly chat: ChatSummary };

/**
 * Encodes one reply as an AI SDK UI message stream for one client. Text that was not taken yet is merged into a single
 * delta, so a slow client costs at most the size of a reply.
 */
export class UiMessageEncoder implements SseSource {
  readonly headers = { 'x-vercel-ai-ui-message-stream': 'v1' } as const;
  private chat: ChatSummary | undefined;
  /** Encoded and not taken yet; `text` comes after them. */
  private events = '';
  private text = '';
  private hasText = false;

  addStart(chat: ChatSummary, { user, assistant }: TurnIds): void {
    this.chat = chat;
    const messageMetadata = { chat: toChatSummaryBody(chat), user_message_id: user };
    this.addPart({ type: 'start', messageId: assistant, messageMetadata });
  }

  addText(text: string): void {
    this.text += text;
  }

  /** Ends the stream of a turn that is stored, with its sources. */
  finish({ chat, citations, reason, usage }: FinishedReply): void {
    const sources = citations.map((citation, index) => toSourcePart(citation, index + 1));
    const messageMetadata = { chat: toChatSummaryBody(chat), ...(usage && { usage: toUsageMetadata(usage) }) };
    this.end([...sources, { type: 'finish', finishReason: reason, messageMetadata }]);
  }

  /** Ends the stream of a failed turn. A turn that never started has no metadata. */
  fail(errorText: string): void {
    const metadata = this.chat && { messageMetadata: { chat: toChatSummaryBody(this.chat) } };
    this.end([
      { type: 'error', errorText },
      { type: 'finish', finishReason: 'error', ...metadata },
    ]);
  }

  takeEvents(): string {
    this.encodeText();
    const { events } = this;
    this.events = '';
    return events;
  }

  private end(parts: readonly StreamPart[]): void {
    this.encodeText();
    if (this.hasText) this.addPart(textEnd);
    for (const part of parts) this.addPart(part);
    this.events += DONE;
  }

  private encodeText(): void {
    if (this.text === '') return;
    if (!this.hasText) this.addPart(textStart);
    this.addPart(textDelta(this.text));
    this.hasText = true;
    this.text = '';
  }

  private addPart(part: StreamPart): void {
    this.events += toSseEvent(JSON.stringify(part));
  }
}
