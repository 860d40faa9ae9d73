import type { Chat, Citation, Message } from '../chat.js';
import type { Reply } from '../chat.service.js';

/** A message as callers see it. */
interface MessageResponse {
  readonly role: Message['role'];
  readonly content: string;
  readonly created_at?: string;
  readonly status?: Message['status'];
  readonly citations?: readonly Citation[];
}

/** A chat with the newest part of its history, as callers see it. */
interface ChatBody {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly messages: readonly MessageResponse[];
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
      messages: chat.messages.map(messageResponse),
    },
  };
}

export function replyResponse({ response, chat }: Reply): ReplyResponse {
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
