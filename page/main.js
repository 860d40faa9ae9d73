import { findNamedChat, nameChat, toHash, unnameChat } from './address.js';
import { Api, ApiError, isGone } from './api.js';
import { ChatHeader } from './chat-header.js';
import { ChatList } from './chat-list.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { byId, icon } from './dom.js';
import { Drawer } from './drawer.js';
import { ErrorLine } from './error-line.js';
import { LiveChat } from './live-chat.js';
import { MessageList } from './message-list.js';
import { Outbox } from './outbox.js';
import { Session } from './session.js';
import { Tabs } from './tabs.js';

/** A new chat is in the list of the service within a second. */
const LIST_DELAY = 1500;

// The files of the page are in a folder beside the service, wherever a proxy puts both.
const session = new Session(new URL('..', import.meta.url));
const api = new Api(session);
const outbox = new Outbox(session);

for (const place of document.querySelectorAll('[data-icon]')) {
  place.prepend(icon(/** @type {Parameters<typeof icon>[0]} */ (place.getAttribute('data-icon'))));
}

const errorLine = new ErrorLine();
/** @param {unknown} error */
const report = (error) => errorLine.show(error);

const chats = new ChatList(api, report);
const header = new ChatHeader({
  rename: async (id, title) => {
    const chat = await api.rename(id, title).catch((error) => {
      report(error);
      throw error;
    });
    if (live.shown.id === id) live.adopt(chat);
    chats.put(chat);
    tabs.tell(chat.id);
  },
  remove: async (id) => {
    try {
      await api.remove(id);
    } catch (error) {
      return report(error);
    }
    outbox.drop(id);
    chats.drop(id);
    tabs.tell(id);
    if (live.shown.id === id) await leaveChat();
  },
});
const composer = new Composer({
  send: (prompt) => void send(prompt),
  stop: () => void live.stop().catch(report),
});
/** @type {MessageList} */
const messages = new MessageList(
  {
    askAgain: (entry) => void conversation.askAgain(entry),
    retry: (entry, supersede) => void conversation.repeat(entry, supersede),
    edit: (entry, text) => void conversation.edit(entry, text),
    takeBack: (entry) => composer.giveBack(conversation.takeBack(entry)),
    discard: (entry) => void conversation.takeBack(entry),
    giveBack: (text) => composer.giveBack(text),
    sendAnew: (entry) => {
      leaveAddress();
      void conversation.sendAnew(entry);
    },
  },
  () => conversation.loadOlder().catch(report),
);
const live = new LiveChat(api, outbox, messages, {
  onChat: () => {
    const { chat } = live.shown;
    if (chat !== undefined) nameChat(chat.id);
    showAddress();
  },
  onOpening: (chatId) => {
    nameChat(chatId);
    showAddress();
  },
  onUnopened: leaveAddress,
  onTurn: (chat) => {
    chats.put(chat);
    tabs.tell(chat.id);
  },
  onRefused: (chatId, { content, trouble }) => {
    composer.keepFor(chatId ?? '', content);
    report(new ApiError(0, `Not sent: ${trouble?.error}`, { message: 'Your message is kept where you wrote it.' }));
  },
  onUncertain: (chatId, prompt) => {
    if (prompt) composer.keepFor('', prompt.content);
    const error = new ApiError(0, 'The connection was lost while a message was sent', { message: 'It is kept.' });
    errorLine.show(error, { name: 'Show it', href: toHash(chatId) });
  },
  onBegun: (chatId) => {
    tabs.tell(chatId);
    if (chatId === live.shown.id && live.shown.chat === undefined) void openAddress();
    hear(chatId);
  },
  onConnection: (error) => errorLine.showConnection(error),
  onState: () => {
    composer.setBusy(live.isBusy, live.isStopping);
    header.setBusy(live.isBusy);
  },
});
const conversation = new Conversation(live, (texts) => composer.giveBack(texts));
const tabs = new Tabs(hear);
const drawer = new Drawer();
drawer.set(false);

/** Something has happened to a chat. @param {string} chatId */
function hear(chatId) {
  setTimeout(() => void chats.load(), LIST_DELAY);
  if (chatId === live.shown.id) void reread();
}

/** Prompts that wait for their chat. @type {Set<{ readonly chatId: string, readonly prompt: string }>} */
const early = new Set();

/** A prompt may be faster than its chat. It goes to this chat, and else back to where it was written. @param {string} prompt */
async function send(prompt) {
  const waiting = { chatId: composer.chatId, prompt };
  early.add(waiting);
  errorLine.hide();
  await opening;
  const isStillThere = (findNamedChat() ?? '') === waiting.chatId;
  if (isStillThere && !isOpen()) await openAddress();
  if (!early.delete(waiting)) return;
  const mayAsk = (findNamedChat() ?? '') === waiting.chatId && isOpen() && !live.isBusy;
  if (mayAsk) await conversation.ask(prompt);
  else composer.keepFor(waiting.chatId, prompt);
}

/** Whether the chat that the address names is shown. */
const isOpen = () => isReady && live.shown.id === findNamedChat();

/** Another tab or device may have changed everything. */
async function reread() {
  await opening;
  if (!isOpen()) return openAddress();
  try {
    await live.refresh();
  } catch (error) {
    report(error);
    // Another tab has deleted it.
    if (isGone(error)) await leaveGone();
  }
}

function showAddress() {
  const id = findNamedChat();
  header.show(live.shown.chat, id === undefined ? 'New chat' : (chats.findTitle(id) ?? 'New chat'));
  composer.switchTo(id ?? '', live.isBusy);
  chats.select(id);
}

/** The address names no chat any more. A text that is being written goes to a new one. */
function leaveAddress() {
  unnameChat();
  composer.leaveChat();
  chats.select(undefined);
}

function leaveChat() {
  leaveAddress();
  return conversation.open(undefined).then(takeFocus);
}

function leaveGone() {
  outbox.drop(findNamedChat() ?? '');
  chats.drop(findNamedChat() ?? '');
  return leaveChat();
}

async function openNamed() {
  errorLine.hide();
  try {
    await conversation.open(findNamedChat());
  } catch (error) {
    report(error);
    if (isGone(error)) await leaveGone();
  }
  takeFocus();
}

/** Goes on where one writes, unless the focus is somewhere on purpose. A keyboard on the screen comes only if it is asked for. */
function takeFocus() {
  const { activeElement: focused } = document;
  if (focused !== document.body && !(focused instanceof HTMLAnchorElement)) return;
  if (matchMedia('(hover: hover)').matches) composer.field.focus();
  else if (focused === document.body) messages.scroller.focus({ preventScroll: true });
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
  live.close();
  for (const { chatId, prompt } of early) composer.keepFor(chatId, prompt);
  early.clear();
});
// The browser may show the page again as it was.
addEventListener('pageshow', ({ persisted }) => persisted && void openAddress());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  if (isReady) void chats.load();
  void reread();
});

let isReady = false;
/** Opens the chat of the address. A prompt waits for it. */
function openAddress() {
  opening = isReady ? openNamed() : openPage();
  return opening;
}

async function openPage() {
  try {
    await session.open();
    isReady = true;
    await Promise.all([chats.load(), openNamed()]);
  } catch (error) {
    report(error);
  }
}

composer.open(session.userId, findNamedChat() ?? '');
let opening = openPage();
