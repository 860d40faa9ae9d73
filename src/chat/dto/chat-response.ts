import type { Response } from 'express';
import type { Chat, Citation, Message, MessagePage } from '../chat.js';
import type { Reply } from '../chat.service.js';

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

/** A chat with the newest part of its history, as callers see it. */
interface ChatBody extends MessagePageResponse {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Answer of `GET /chats/{id}`. */
export interface ChatResponse {
  readonly chat: ChatBody;
}

/** Answer of `POST /chat`. */
export interface ReplyResponse extends ChatResponse {
  readonly response: string;
}

export function chatResponse(chat: Chat): ChatResponse {
  return {
    chat: {
      id: chat.id,
      user_id: chat.userId,
      title: chat.title,
      created_at: chat.createdAt,
      updated_at: chat.updatedAt,
      ...messagePageResponse(chat),
    },
  };
}

export function messagePageResponse({ messages, nextCursor }: MessagePage): MessagePageResponse {
  return { messages: messages.map(messageResponse), ...(nextCursor !== undefined && { next_cursor: nextCursor }) };
}

/** The body of an answer; one that was given before says so in the header `idempotency-replayed`. */
export function replyResponse({ response, chat, isReplay }: Reply, http: Response): ReplyResponse {
  if (isReplay) http.setHeader('idempotency-replayed', 'true');
  return { response, ...chatResponse(chat) };
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
