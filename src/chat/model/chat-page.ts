import type { Chat, ChatSummary, HistoryPage, MessagePage } from './chat.js';
import { cursorBefore } from '../api/dto/cursor.js';

/** A chat with a part of its history, and the cursor of what is older. */
export function toChat({ id, userId, title, createdAt, updatedAt }: ChatSummary, page: HistoryPage): Chat {
  return { id, userId, title, createdAt, updatedAt, ...toMessagePage(userId, id, page) };
}

/** The messages of some turns, and the cursor of what is older. */
export function toMessagePage(userId: string, chatId: string, { turns, hasOlder }: HistoryPage): MessagePage {
  const oldest = turns[0];
  return {
    messages: turns.flatMap(({ messages }) => messages),
    ...(hasOlder && oldest && { nextCursor: cursorBefore(userId, chatId, oldest.number) }),
  };
}
