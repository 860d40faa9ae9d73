import type { LoadUser } from './load-user.js';
import { runTurn } from './turn-actions.js';
import { checkShown, checkTitle } from './turn-calls.js';
import { demand } from './wrong-answer.js';

/** More chats than this are deleted again. */
const MOST_CHATS = 12;
const NOT_FOUND = '{"error":"Chat not found"}';

export async function readChat(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  if (!chat) return void (await runTurn(user));
  const { chat: shown } = await user.get('read', `/chats/${chat.id}`);
  checkShown(user, chat, shown);
}

/** Reads the whole history in small pages. A turn that runs meanwhile would move nothing: pages go back in time. */
export async function readPages(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  if (!chat) return void (await runTurn(user));
  chat.reconcile(await user.readHistory(chat.id, 2 + 2 * Math.floor(user.random() * 8)));
}

export async function listChats(user: LoadUser): Promise<void> {
  const listed = await user.checkList(3 + Math.floor(user.random() * 20));
  const times = listed.map(({ updated_at: at }) => at);
  const isSorted = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? ''));
  demand(isSorted || [...user.chats.values()].some(({ hasDoubt }) => hasDoubt), 'a list is not in order', { times });
}

export async function renameChat(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  if (!chat) return void (await runTurn(user));
  const title = `Renamed by ${user.nextKey()} 🙂`;
  chat.title = undefined;
  chat.changedAt = performance.now();
  const body = JSON.stringify({ title });
  const renamed = await user.sendFor(200, { kind: 'rename', method: 'PATCH', path: `/chats/${chat.id}`, body });
  chat.title = title;
  demand(renamed.chat !== undefined, 'a rename without a chat', { renamed });
  checkTitle(chat, renamed.chat);
}

/** Deletes a chat of a user with many. Then it is gone from every route. */
export async function deleteChat(user: LoadUser): Promise<void> {
  const chat = user.chats.size >= MOST_CHATS / 2 ? user.pickChat() : undefined;
  if (!chat) return void (await runTurn(user));
  user.chats.delete(chat.id);
  user.limbo.add(chat.id);
  const path = `/chats/${chat.id}`;
  const call = { kind: 'delete', method: 'DELETE', path };
  const { status, text } = await user.sendPatiently(chat.hasDoubt, call);
  demand(status === 204, 'a delete is refused', { user: user.name, path, status, text });
  user.limbo.delete(chat.id);
  user.deleted.set(chat.id, performance.now());
  await expectNotFound(user, chat.id, 'deleted chat');
}

/** Another user's chat, and a chat that nobody has. */
export async function visitForeignChat(user: LoadUser, others: readonly LoadUser[]): Promise<void> {
  const other = user.pick(others.filter(({ name }) => name !== user.name));
  await expectNotFound(user, other?.pickChat()?.id ?? 'a-chat-of-nobody', 'foreign chat');
}

export function hasManyChats(user: LoadUser): boolean {
  return user.chats.size >= MOST_CHATS;
}

async function expectNotFound(user: LoadUser, id: string, kind: string): Promise<void> {
  const turn = { method: 'POST', path: '/chat', body: JSON.stringify({ prompt: user.writePrompt(), chat_id: id }) };
  const calls = [
    { method: 'GET', path: `/chats/${id}` },
    { method: 'GET', path: `/chats/${id}/messages` },
    { method: 'PATCH', path: `/chats/${id}`, body: '{"title":"taken"}' },
    { method: 'DELETE', path: `/chats/${id}` },
    turn,
    { ...turn, path: '/chat/stream' },
  ];
  const call = { kind, ...(user.pick(calls) ?? turn) };
  const { status, text } = await user.client.send({ headers: user.headers, ...call });
  demand(status === 404 && text === NOT_FOUND, 'not 404', { user: user.name, call, status, text });
}
