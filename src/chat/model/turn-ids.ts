import type { Message } from './chat.js';

/** The ids of a turn: of its chat and of its messages. They never change once a caller has seen them. */
export interface TurnIds {
  readonly chat: string;
  /** The id of the user's message. */
  readonly user: string;
  /** The id of the reply, which the turn itself is named by. */
  readonly assistant: string;
}

/**
 * Builds the ids of a turn.
 *
 * @param number - from 1; 0, -1, -2 and so on for the turns of the original system.
 */
export function toTurnIds(chatId: string, number: number): TurnIds {
  const assistant = `${chatId}:${number}`;
  return { chat: chatId, user: `${assistant}:user`, assistant };
}

/** What the id of a message names. */
export interface MessagePlace {
  /** Number of the turn: from 1; 0, -1, -2 and so on for the turns of the original system. */
  readonly number: number;
  readonly role: Message['role'];
}

/** A number as {@link toTurnIds} writes it. Numbers of turns have at most 12 digits. */
const MESSAGE_PLACE = /^(?<number>0|-?[1-9]\d{0,11})(?<user>:user)?$/;

/**
 * Parses the id of a message, as {@link toTurnIds} builds it.
 *
 * @returns undefined for every other text, also for the id of a message of another chat.
 */
export function parseMessageId(chatId: string, messageId: string): MessagePlace | undefined {
  const prefix = `${chatId}:`;
  if (!messageId.startsWith(prefix)) return undefined;
  const { number, user } = MESSAGE_PLACE.exec(messageId.slice(prefix.length))?.groups ?? {};
  if (number === undefined) return undefined;
  return { number: Number(number), role: user === undefined ? 'assistant' : 'user' };
}
