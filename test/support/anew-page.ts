import { expect } from '@jest/globals';
import { textOf, toUiMessages, type UiChat } from './ai-chat.js';
import { readChat, type ShownChat, type ShownMessage, turnsOf } from './chat-client.js';

/** Lists the turns that `GET /chats/{id}` shows: the prompt, the number, and the status if it has one. */
export async function listTurns(url: string, chatId: string, user = 'alice'): Promise<string[]> {
  return toTurnTexts((await readChat(url, user, chatId)).body.chat);
}

function toTurnTexts(chat: ShownChat): string[] {
  const prompts = chat.messages.filter(({ role }) => role === 'user');
  return turnsOf(chat).map(({ prompt, status = '' }, index) => {
    const number = prompts[index]?.id.slice(chat.id.length + 1, -':user'.length);
    return `${prompt} ${number} ${status}`.trimEnd();
  });
}

/**
 * Expects that a page shows what is stored, by the same ids. The page has ids of its own for prompts that it has sent.
 *
 * @returns the turns, as `listTurns` does.
 */
export async function expectSame({ id: chatId, messages, status, error }: UiChat, url: string): Promise<string[]> {
  expect([status, error]).toEqual(['ready', undefined]);
  const { chat } = (await readChat(url, 'alice', chatId)).body;
  const stored = chat.messages.map(({ id, content }) => [id, content]);
  const shown = messages.map((message, index) => {
    const told = messages[index + 1]?.metadata?.user_message_id;
    return [message.role === 'user' ? (told ?? message.id) : message.id, textOf(message)];
  });
  expect(shown).toEqual(stored);
  return toTurnTexts(chat);
}

/** What a page that is loaded now has of a chat. */
export async function loadMessages(url: string, chatId: string): Promise<ReturnType<typeof toUiMessages>> {
  const messages: readonly ShownMessage[] = (await readChat(url, 'alice', chatId)).body.chat.messages;
  return toUiMessages(chatId, messages);
}
