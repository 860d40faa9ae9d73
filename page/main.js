/** @import { TurnRequest } from './types.js' */
import { Api, ApiError, isGone } from './api.js';
import { ChatHeader } from './chat-header.js';
import { ChatList } from './chat-list.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { byId, icon } from './dom.js';
import { Drawer } from './drawer.js';
import { ErrorLine } from './error-line.js';
import { MessageList } from './message-list.js';
import { Session } from './session.js';
import { Tabs } from './tabs.js';

/** A new chat is in the list of the service within a second. */
const LIST_DELAY = 1500;

// The files of the page are in a folder beside the service, wherever a proxy puts both.
const session = new Session(new URL('..', import.meta.url));
const api = new Api(session);

for (const place of document.querySelectorAll('[data-icon]')) {
  place.prepend(icon(/** @type {Parameters<typeof icon>[0]} */ (place.getAttribute('data-icon'))));
}

const errorLine = new ErrorLine();
/** @param {unknown} error */
const report = (error) => errorLine.show(error);

/** The chat that the address names. */
function namedChat() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether the chat that the address names is shown. */
const isOpen = () => conversation.shown.id === namedChat();

const chats = new ChatList(api, report);
const header = new ChatHeader({
  rename: async (id, title) => {
    const chat = await api.rename(id, title).catch((error) => {
      report(error);
      throw error;
    });
    if (conversation.shown.id === id) conversation.adopt(chat);
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
    if (conversation.shown.id === id) location.hash = '';
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
      conversation.shown.remove(entry);
      composer.giveBack(entry.content);
    },
    giveBack: (text) => composer.giveBack(text),
    sendAnew: (entry) => {
      leaveAddress();
      void conversation.sendAnew(entry);
    },
  },
  () => conversation.loadOlder().catch(report),
);
/** @type {Conversation} */
const conversation = new Conversation(api, messages, {
  onChat: () => {
    const { chat } = conversation.shown;
    header.show(chat);
    if (chat !== undefined) setAddress(chat.id);
    showAddress();
  },
  onOpening: (request) => {
    // If the page is left before the chat is there, the request is sent again.
    setAddress(request.newChatId, request);
    showAddress();
  },
  onUnopened: leaveAddress,
  onConnection: (error) => errorLine.showConnection(error),
  onLeave: (texts) => composer.giveBack(texts),
  onRefused: (chatId, { content, trouble }) => {
    composer.keepFor(chatId ?? '', content);
    report(new ApiError(0, `Not sent: ${trouble?.error}`, { message: 'Your message is kept where you wrote it.' }));
  },
  onTurn: (chat) => {
    chats.put(chat);
    tabs.tell(chat.id);
  },
  onState: () => composer.setBusy(conversation.isBusy, conversation.isStopping),
});
const tabs = new Tabs((chatId) => {
  setTimeout(() => void chats.load(), LIST_DELAY);
  if (chatId === conversation.shown.id) void reread();
});
const drawer = new Drawer();
drawer.set(false);

/** Prompts that wait for their chat. @type {string[]} */
const early = [];

/** A prompt may be faster than its chat, and goes to no other one. @param {string} prompt */
async function send(prompt) {
  early.push(prompt);
  errorLine.hide();
  await opening;
  if (!isOpen()) await openAddress();
  early.splice(early.indexOf(prompt), 1);
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

/** @param {string} id @param {TurnRequest | null} [opening] - the request that opens the chat, until it is there. */
function setAddress(id, opening = null) {
  // The page before a new chat is the empty one.
  if (namedChat() !== id) history.pushState(opening, '', `#${encodeURIComponent(id)}`);
  else if (history.state !== opening) history.replaceState(opening, '');
}

function showAddress() {
  const id = namedChat();
  composer.switchTo(id ?? '', conversation.isBusy);
  chats.select(id);
}

/** The address names no chat any more. What is written goes to a new one. */
function leaveAddress() {
  history.replaceState(null, '', location.pathname + location.search);
  composer.leaveChat();
  chats.select(undefined);
}

function leaveGone() {
  chats.drop(namedChat() ?? '');
  leaveAddress();
  return conversation.open(undefined);
}

async function openNamed() {
  errorLine.hide();
  /** @type {TurnRequest | null} */
  const request = history.state;
  try {
    await conversation.open(namedChat());
  } catch (error) {
    // The page was left before the first turn of the chat had begun.
    if (isGone(error) && request) void conversation.run(request);
    else report(error);
    if (isGone(error) && !request) await leaveGone();
  }
  if (matchMedia('(hover: hover)').matches) composer.field.focus();
}

session.onUser = () => {
  if (composer.userId !== session.userId) composer.open(session.userId, composer.chatId);
  byId('agent').textContent = session.settings.agent;
  byId('user').textContent = session.user ?? 'No token yet';
  composer.configure(session.settings);
};
session.onOtherUser = () => location.replace(location.pathname + location.search);
byId('token').onclick = async () => {
  if (await session.renew()) await Promise.all([chats.load(), openAddress()]);
};
addEventListener('hashchange', () => void openAddress());
addEventListener('pagehide', () => {
  conversation.leave();
  for (const prompt of early.splice(0)) composer.giveBack(prompt);
});
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

composer.open(session.userId, namedChat() ?? '');
let opening = openPage();
