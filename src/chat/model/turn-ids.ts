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
