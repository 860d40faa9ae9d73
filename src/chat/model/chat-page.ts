import type { Chat, ChatSummary, HistoryPage, MessagePage } from './chat.js';

/** Builds a chat with the newest page of its history. */
export function toChat({ id, userId, title, createdAt, updatedAt }: ChatSummary, page: HistoryPage): Chat {
  const messages = toMessagePage(page);
  const isRunning = messages.messages.some(({ status }) => status === 'pending');
  return { id, userId, title, createdAt, updatedAt, isRunning, ...messages };
}

/** Joins the messages of a page's turns. */
export function toMessagePage({ turns, hasOlder }: HistoryPage): MessagePage {
  const oldest = turns[0];
  return {
    messages: turns.flatMap(({ messages }) => messages),
    ...(hasOlder && oldest && { olderThan: oldest.number }),
  };
}
