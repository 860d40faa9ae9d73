import { Api, ApiError } from './api.js';
import { ChatHeader } from './chat-header.js';
import { ChatList } from './chat-list.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { byId, icon } from './dom.js';
import { Drawer } from './drawer.js';
import { MessageList } from './message-list.js';
import { Session } from './session.js';
import { Tabs } from './tabs.js';

/** How long a line about an error stays, in milliseconds. */
const LINE_TIME = 8000;
/** A new chat is in the list of the service within a second. */
const LIST_DELAY = 1500;

// The files of the page are in a folder beside the service, wherever a proxy puts both.
const session = new Session(new URL('..', import.meta.url));
const api = new Api(session);

for (const place of document.querySelectorAll('[data-icon]')) {
  place.prepend(icon(/** @type {Parameters<typeof icon>[0]} */ (place.getAttribute('data-icon'))));
}

/** @type {ReturnType<typeof setTimeout>} */
let lineTimer;
/** Says for a while what went wrong. @param {unknown} error */
function report(error) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  const line = byId('line');
  line.textContent =
    error instanceof ApiError ? [error.message, error.detail].filter(Boolean).join('. ') : String(error);
  line.hidden = false;
  clearTimeout(lineTimer);
  lineTimer = setTimeout(() => (line.hidden = true), LINE_TIME);
}

/** The chat that the address names. */
function namedChat() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether the chat that the address names is shown. */
const isOpen = () => conversation.chat?.id === namedChat();

const chats = new ChatList(api, report);
const header = new ChatHeader({
  rename: async (id, title) => {
    const chat = await api.rename(id, title).catch((error) => {
      report(error);
      throw error;
    });
    if (conversation.chat?.id === id) conversation.adopt(chat);
    chats.put(chat);
    tabs.tell(chat.id);
  },
  remove: async (id) => {
    try {
      await api.remove(id);
    } catch (error) {
      return report(error);
    }
    chats.drop(id);
    tabs.tell(id);
    if (conversation.chat?.id === id) location.hash = '';
  },
});
const composer = new Composer({
  send: (prompt) => void send(prompt),
  stop: () => void conversation.stop().catch(report),
});
/** @type {MessageList} */
const messages = new MessageList(
  {
    askAgain: (entry) => void conversation.askAgain(entry),
    retry: (entry, supersede) => void conversation.retry(entry, supersede),
    edit: (entry, text) => void conversation.edit(entry, text),
    takeBack: (entry) => {
      conversation.remove(entry);
      composer.giveBack(entry.content);
    },
    sendAnew: (entry) => {
      leaveAddress();
      void conversation.sendAnew(entry);
    },
  },
  () => conversation.loadOlder().catch(report),
);
/** @type {Conversation} */
const conversation = new Conversation(api, messages, {
  onChat: (chat) => {
    header.show(chat);
    const id = chat?.id ?? namedChat();
    // A chat that has just begun gets its address. The one before it in the history is the empty page.
    if (chat !== undefined && namedChat() !== chat.id) history.pushState(null, '', `#${encodeURIComponent(chat.id)}`);
    composer.switchTo(id ?? '', chat !== undefined && conversation.isBusy);
    chats.select(id);
  },
  onLost: report,
  onLeave: (prompts) => composer.giveBack(prompts),
  onTurn: (chat) => {
    chats.put(chat);
    tabs.tell(chat.id);
  },
  onState: () => composer.setBusy(conversation.isBusy, conversation.isStopping),
});
const tabs = new Tabs((chatId) => {
  setTimeout(() => void chats.load(), LIST_DELAY);
  if (chatId === conversation.chat?.id) void reread();
});
const drawer = new Drawer();
drawer.set(false);

/** A prompt may be faster than its chat, and goes to no other one. @param {string} prompt */
async function send(prompt) {
  await opening;
  if (!isOpen()) await openAddress();
  if (isOpen() && !conversation.isBusy) await conversation.ask(prompt);
  else composer.giveBack(prompt);
}

async function reread() {
  await opening;
  if (!isOpen()) return openAddress();
  try {
    await conversation.refresh();
  } catch (error) {
    // Another tab has deleted it.
    if (isGone(error)) await leaveGone();
    else report(error);
  }
}

/** @param {unknown} error */
const isGone = (error) => error instanceof ApiError && error.status === 404;

/** The address names no chat any more. What is written goes to a new one. */
function leaveAddress() {
  history.replaceState(null, '', location.pathname + location.search);
  composer.leaveChat();
}

function leaveGone() {
  chats.drop(namedChat() ?? '');
  leaveAddress();
  return conversation.open(undefined);
}

async function openNamed() {
  try {
    await conversation.open(namedChat());
  } catch (error) {
    report(error);
    if (isGone(error)) await leaveGone();
  }
  if (matchMedia('(hover: hover)').matches) composer.field.focus();
}

session.onUser = () => {
  byId('agent').textContent = session.settings.agent;
  byId('user').textContent = session.user ?? 'No token yet';
  composer.configure(session.settings);
};
byId('token').onclick = async () => {
  if (await session.renew()) await Promise.all([chats.load(), openAddress()]);
};
addEventListener('hashchange', () => void openAddress());
addEventListener('pagehide', () => conversation.leave());
document.addEventListener('visibilitychange', () => document.hidden || void reread());

/** Opens the chat of the address. A prompt waits for it. */
function openAddress() {
  opening = openNamed();
  return opening;
}

async function openPage() {
  try {
    await session.open();
    await Promise.all([chats.load(), openNamed()]);
  } catch (error) {
    report(error);
  }
}

let opening = openPage();
