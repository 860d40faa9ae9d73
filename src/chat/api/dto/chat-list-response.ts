import type { ChatListPage } from '../../model/chat-list.js';
import { type ChatSummaryBody, toChatSummaryBody } from './chat-response.js';
import { encodeListCursor } from './cursor.js';

/** Response of `GET /chats`, the chat that was updated last first. */
export class ChatListResponse {
  readonly chats!: readonly ChatSummaryBody[];
  /** Leads to the page after this one; absent on the last page. */
  readonly next_cursor?: string;
}

/** Response of `PATCH /chats/{id}`. */
export class RenamedChatResponse {
  readonly chat!: ChatSummaryBody;
}

export function toChatListResponse(userId: string, { chats, last }: ChatListPage): ChatListResponse {
  return { chats: chats.map(toChatSummaryBody), ...(last && { next_cursor: encodeListCursor(userId, last) }) };
}
