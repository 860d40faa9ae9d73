import type { ChatSummary } from './chat.js';

/** The place of a chat in the list of its user. It stays a place when the chat moves in the list, or is deleted. */
export interface ChatListPosition {
  readonly id: string;
  /** The time as it is stored. In chats of the original system it has another form. */
  readonly updatedAt: string;
}

/** Which part of the list to read. */
export interface ChatListRange {
  /** Only chats behind this place; absent for the newest. */
  readonly after?: ChatListPosition | undefined;
  /** Most chats. */
  readonly limit: number;
}

/** A part of the list of a user's chats: the chat that was updated last comes first. */
export interface ChatListPage {
  readonly chats: readonly ChatSummary[];
  /** The place of the last chat here, if there are chats behind it. */
  readonly last?: ChatListPosition;
  /** A chat on the way whose delete was interrupted, if there is one. It is not among the chats. */
  readonly halfDeleted?: string | undefined;
}
