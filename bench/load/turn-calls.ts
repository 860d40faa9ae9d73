import type { ShownMessage } from '../../test/support/chat-client.js';
import { parseStream, type WholeStream } from '../../test/support/ui-stream.js';
import { KnownChat } from './known-chat.js';
import type { Answer, Call } from './load-client.js';
import type { AnswerBody, ChatBody, LoadUser } from './load-user.js';
import { demand } from './wrong-answer.js';

interface Turn {
  /** Undefined for a new chat. */
  readonly chat?: KnownChat | undefined;
  readonly prompt: string;
  readonly key?: string | undefined;
}

interface ReadReply {
  readonly text: string;
  readonly shown: ChatBody;
  readonly messages: readonly ShownMessage[];
  /** There are older messages. */
  readonly isTail: boolean;
}

export function toCall(user: LoadUser, { chat, prompt, key, path }: Turn & { readonly path: string }): Call {
  return {
    kind: path,
    method: 'POST',
    path,
    headers: { ...user.headers, ...(key !== undefined && { 'idempotency-key': key }) },
    body: JSON.stringify({ prompt, ...(chat && { chat_id: chat.id }) }),
  };
}

/** Sends a turn until the chat is free for it. @throws WrongAnswerError if it is not 200 in the end. */
export async function sendTurn(
  user: LoadUser,
  turn: Turn & { readonly path: string; readonly kind: string; readonly mayBeBusy: boolean },
): Promise<Answer> {
  const { chat, prompt, key, kind, mayBeBusy } = turn;
  chat?.expectTurn(prompt, key);
  if (!chat) user.lostOpenings.add(prompt);
  const answer = await user.sendPatiently(mayBeBusy, { ...toCall(user, turn), kind });
  demand(answer.status === 200, 'a turn is refused', { user: user.name, chat: chat?.id, prompt, key, answer });
  return answer;
}

/** Checks the 200 of `POST /chat`. A new chat is known from here on. */
export function acceptReply(
  user: LoadUser,
  { answer, chat, prompt, key }: Turn & { readonly answer: Answer },
): ReadReply & { readonly known: KnownChat } {
  const read = readReply(answer, user.name);
  const known = chat ?? addChat(user, { id: read.shown.id, prompt, key });
  demand(read.shown.id === known.id, 'a reply is of another chat', { user: user.name, prompt, answer });
  checkTitle(known, read.shown);
  checkLast(read, prompt);
  return { ...read, known };
}

export function readReply(answer: Answer, userName: string): ReadReply {
  const { response, chat } = JSON.parse(answer.text) as AnswerBody;
  demand(response !== undefined && chat !== undefined, 'a reply without a chat', { answer });
  demand(chat.user_id === userName, 'a reply of another user', { userName, answer });
  demand(answer.headers.get('chat-id') === chat.id, 'a wrong header chat-id', { answer });
  return { text: response, shown: chat, messages: chat.messages, isTail: chat.next_cursor !== undefined };
}

/** The newest turn is the one that was sent. */
export function checkLast({ messages, text }: ReadReply, prompt: string): void {
  const [asked, replied] = messages.slice(-2);
  const isRight = asked?.content === prompt && replied?.content === text && replied.role === 'assistant';
  demand(isRight, 'the newest turn is not what was sent', { prompt, text, asked, replied });
}

/** Compares the response of `GET /chats/{id}` with the known chat. */
export function checkShown(user: LoadUser, chat: KnownChat, shown: ChatBody | undefined): void {
  const isOwn = shown?.id === chat.id && shown.user_id === user.name;
  demand(isOwn, 'another chat is shown', { user: user.name, id: chat.id, shown });
  checkTitle(chat, shown);
  chat.reconcile(shown.messages, { isTail: shown.next_cursor !== undefined });
}

export function checkTitle(chat: KnownChat, { id, title }: ChatBody): void {
  demand(chat.title === undefined || title === chat.title, 'a wrong title', { id, title, expected: chat.title });
}

export function parseAnswer({ status, headers, text }: Answer): WholeStream {
  return parseStream(status, headers, text);
}

export function readChatId({ events }: WholeStream): string {
  const id = events.find(({ type }) => type === 'start')?.messageMetadata?.chat.id;
  demand(id !== undefined, 'a stream without the id of its chat', { events });
  return id;
}

/** The first turn of a new chat has its response. */
export function addChat(user: LoadUser, { id, prompt, key }: { id: string } & Omit<Turn, 'chat'>): KnownChat {
  demand(!user.chats.has(id), 'a new chat has the id of another', { user: user.name, id, prompt });
  const chat = new KnownChat(id, prompt);
  chat.expectTurn(prompt, key);
  user.chats.set(id, chat);
  user.lostOpenings.delete(prompt);
  return chat;
}
