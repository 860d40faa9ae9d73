import type { Chat, ChatSummary, Citation, Message, MessagePage } from '../../model/chat.js';
import type { Reply } from '../../service/reply.js';
import { encodeCursor } from './cursor.js';

/** A message on the wire. */
export interface MessageBody {
  readonly id: string;
  readonly role: Message['role'];
  readonly content: string;
  readonly created_at?: string;
  readonly status?: Message['status'];
  readonly citations?: readonly Citation[];
  readonly usage?: { readonly input_tokens: number; readonly output_tokens: number };
}

/** Response of `GET /chats/{id}/messages`, oldest message first. */
export interface MessagePageResponse {
  readonly messages: readonly MessageBody[];
  /** Leads to the page before this one; absent on the oldest page. */
  readonly next_cursor?: string;
}

/** A chat without its messages on the wire. */
export interface ChatSummaryBody {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A chat with the newest part of its history on the wire. */
export interface ChatBody extends ChatSummaryBody, MessagePageResponse {
  /** Whether a turn is running; else absent. */
  readonly running?: true;
}

/** Response of `GET /chats/{id}`. */
export interface ChatResponse {
  readonly chat: ChatBody;
}

/** Response of `POST /chat`. */
export interface ReplyResponse extends ChatResponse {
  readonly response: string;
}

export function toReplyResponse({ text: response, chat }: Reply): ReplyResponse {
  return { response, ...toChatResponse(chat) };
}

export function toChatResponse(chat: Chat): ChatResponse {
  const running = chat.isRunning && ({ running: true } as const);
  return { chat: { ...toChatSummaryBody(chat), ...running, ...toMessagePageResponse(chat.userId, chat.id, chat) } };
}

export function toChatSummaryBody({ id, userId, title, createdAt, updatedAt }: ChatSummary): ChatSummaryBody {
  return { id, user_id: userId, title, created_at: createdAt, updated_at: updatedAt };
}

export function toMessagePageResponse(
  userId: string,
  chatId: string,
  { messages, olderThan }: MessagePage,
): MessagePageResponse {
  return {
    messages: messages.map(toMessageBody),
    ...(olderThan !== undefined && { next_cursor: encodeCursor(userId, chatId, olderThan) }),
  };
}

function toMessageBody({ id, role, content, createdAt, status, citations, usage }: Message): MessageBody {
  return {
    id,
    role,
    content,
    ...(createdAt && { created_at: createdAt }),
    ...(status && { status }),
    ...(citations && { citations }),
    ...(usage && { usage: { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens } }),
  };
}
