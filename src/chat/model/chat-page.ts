import type { Chat, ChatSummary, HistoryPage, MessagePage } from './chat.js';

/** Builds a chat with a page of its history. */
export function toChat({ id, userId, title, createdAt, updatedAt }: ChatSummary, page: HistoryPage): Chat {
  return { id, userId, title, createdAt, updatedAt, ...toMessagePage(page) };
}

/** Joins the messages of a page's turns. */
export function toMessagePage({ turns, hasOlder }: HistoryPage): MessagePage {
  const oldest = turns[0];
  return {
    messages: turns.flatMap(({ messages }) => messages),
    ...(hasOlder && oldest && { olderThan: oldest.number }),
  };
}
