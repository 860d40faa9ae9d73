import type { Response } from 'express';
import type { Chat, ChatSummary, Citation, Message, MessagePage } from '../../model/chat.js';
import type { Reply } from '../../service/reply.js';

/** A message as callers see it. */
interface MessageResponse {
  readonly role: Message['role'];
  readonly content: string;
  readonly created_at?: string;
  readonly status?: Message['status'];
  readonly citations?: readonly Citation[];
}

/** Answer of `GET /chats/{id}/messages`: oldest message first. */
export interface MessagePageResponse {
  readonly messages: readonly MessageResponse[];
  /** For the page before this one; absent on the oldest. */
  readonly next_cursor?: string;
}

/** A chat without its messages, as callers see it. */
export interface ChatSummaryBody {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A chat with the newest part of its history, as callers see it. */
interface ChatBody extends ChatSummaryBody, MessagePageResponse {}

/** Answer of `GET /chats/{id}`. */
export interface ChatResponse {
  readonly chat: ChatBody;
}

/** Answer of `POST /chat`. */
export interface ReplyResponse extends ChatResponse {
  readonly response: string;
}

export function toChatResponse(chat: Chat): ChatResponse {
  return { chat: { ...toChatSummaryBody(chat), ...toMessagePageResponse(chat) } };
}

export function toChatSummaryBody({ id, userId, title, createdAt, updatedAt }: ChatSummary): ChatSummaryBody {
  return { id, user_id: userId, title, created_at: createdAt, updated_at: updatedAt };
}

export function toMessagePageResponse({ messages, nextCursor }: MessagePage): MessagePageResponse {
  return { messages: messages.map(messageResponse), ...(nextCursor !== undefined && { next_cursor: nextCursor }) };
}

/** The body of an answer; one that was given before says so in the header `idempotency-replayed`. */
export function toReplyResponse({ response, chat, isReplay }: Reply, http: Response): ReplyResponse {
  if (isReplay) http.setHeader('idempotency-replayed', 'true');
  return { response, ...toChatResponse(chat) };
}

function messageResponse({ role, content, createdAt, status, citations }: Message): MessageResponse {
  return {
    role,
    content,
    ...(createdAt && { created_at: createdAt }),
    ...(status && { status }),
    ...(citations && { citations }),
  };
}
