import { type SseSource, toSseEvent } from '../../../http/sse/sse-writer.js';
import type { ChatSummary } from '../../model/chat.js';
import { ReplyText } from '../../model/reply-text.js';
import type { TurnIds } from '../../model/turn-ids.js';
import type { StreamedReply } from '../../service/reply.js';
import { toChatSummaryBody } from '../dto/chat-response.js';
import { type StreamPart, textDelta, textEnd, textStart, toSourcePart, toUsageMetadata } from './ui-message-parts.js';

/** Ends every stream of the protocol. */
const DONE = toSseEvent('[DONE]');

/** Most text of one delta, so that a slow client has no more than this in its socket. In UTF-16 code units. */
const DELTA_LENGTH = 65_536;

/** The parts of a reply that the end of its stream shows. */
type FinishedReply = Pick<StreamedReply, 'chat' | 'citations' | 'reason' | 'usage'>;

/**
 * Encodes one reply as an AI SDK UI message stream for one client. It reads the text of the reply only when the client has
 * room, and keeps no copy. Text that has come meanwhile is one delta, or several if it is long.
 */
export class UiMessageEncoder implements SseSource {
  readonly headers = { 'x-vercel-ai-ui-message-stream': 'v1' } as const;
  private chat: ChatSummary | undefined;
  private text = new ReplyText();
  /** How much of the text was taken. */
  private offset = 0;
  /** Encoded and not taken yet: what comes before the next text, and what comes after the whole text. */
  private events = '';
  private ending: readonly StreamPart[] | undefined;

  /** @param text - grows while the turn runs. */
  addStart(chat: ChatSummary, { user, assistant }: TurnIds, text: ReplyText): void {
    this.chat = chat;
    this.text = text;
    const messageMetadata = { chat: toChatSummaryBody(chat), user_message_id: user };
    this.events += toEvent({ type: 'start', messageId: assistant, messageMetadata });
  }

  /** Ends the stream of a turn that is stored, with its sources. */
  finish({ chat, citations, reason, usage }: FinishedReply): void {
    const sources = citations.map((citation, index) => toSourcePart(citation, index + 1));
    const messageMetadata = { chat: toChatSummaryBody(chat), ...(usage && { usage: toUsageMetadata(usage) }) };
    this.ending = [...sources, { type: 'finish', finishReason: reason, messageMetadata }];
  }

  /** Ends the stream of a failed turn. A turn that never started has no metadata. */
  fail(errorText: string): void {
    this.ending = [{ type: 'error', errorText }, this.toFinish('error')];
  }

  /** Ends the stream of a turn that was stopped. */
  abort(): void {
    this.ending = [{ type: 'abort' }, this.toFinish('other')];
  }

  takeEvents(): string {
    const events = this.events + this.takeText() + this.takeEnding();
    this.events = '';
    return events;
  }

  private toFinish(finishReason: 'error' | 'other'): StreamPart {
    return {
      type: 'finish',
      finishReason,
      ...(this.chat && { messageMetadata: { chat: toChatSummaryBody(this.chat) } }),
    };
  }

  private takeText(): string {
    const delta = this.text.take(this.offset, DELTA_LENGTH);
    if (delta === '') return '';
    const start = this.offset === 0 ? toEvent(textStart) : '';
    this.offset += delta.length;
    return start + toEvent(textDelta(delta));
  }

  /** Takes the end of the stream once the whole text is taken. */
  private takeEnding(): string {
    if (!this.ending || this.offset < this.text.length) return '';
    const parts = this.offset > 0 ? [textEnd, ...this.ending] : this.ending;
    this.ending = undefined;
    return parts.map(toEvent).join('') + DONE;
  }
}

function toEvent(part: StreamPart): string {
  return toSseEvent(JSON.stringify(part));
}
