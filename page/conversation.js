/** @import { Api } from './api.js' */
/** @import { MessageList } from './message-list.js' */
/** @import { ChatSummary, Entry, StreamPart, TurnRequest } from './types.js' */
import { isInProgress } from './api.js';
import { announce } from './dom.js';
import { createKey, findPrompt, isUnsent, toEntry, toReplaced } from './entries.js';
import { ShownChat } from './shown-chat.js';
import { readTurn } from './turn-connection.js';
import { toTrouble, TurnReader } from './turn-reader.js';

/** Milliseconds before a stop is sent again that came before its turn. */
const STOP_DELAY = 300;

/**
 * The open chat, and the turn that runs in it.
 *
 * @typedef {object} Listener
 * @property {() => void} onChat - another chat is shown, or this one has changed.
 * @property {(request: TurnRequest) => void} onOpening - the first prompt of a chat is being sent.
 * @property {() => void} onUnopened - it was refused, and has no chat.
 * @property {(chat: ChatSummary) => void} onTurn - a turn has begun or ended.
 * @property {(texts: string) => void} onLeave - texts that were not sent leave the page.
 * @property {(chatId: string | undefined, prompt: Entry) => void} onRefused - a prompt was not sent, and its chat is not open now.
 * @property {(error?: unknown) => void} onConnection - it was lost, and is tried again; without an error it is back.
 * @property {() => void} onState - `isBusy` or `isStopping` has changed.
 */
export class Conversation {
  isBusy = false;
  isStopping = false;
  isLoadingOlder = false;
  /** Ends what still runs for the chat that was shown before. */
  leaving = new AbortController();

  /** @param {Api} api @param {MessageList} view @param {Listener} listener */
  constructor(api, view, listener) {
    this.api = api;
    this.view = view;
    this.listener = listener;
    this.shown = new ShownChat(view);
  }

  /** Shows a chat, or none. A turn that runs goes on without this page. @param {string | undefined} id */
  async open(id) {
    this.leave();
    this.leaving.abort();
    this.leaving = new AbortController();
    this.setBusy(false);
    this.shown.clear();
    this.listener.onChat();
    if (id !== undefined) await this.load(id);
  }

  /** Gives texts back that were not sent. */
  leave() {
    const texts = this.shown.takeUnsent();
    if (texts !== '') this.listener.onLeave(texts);
  }

  /** @param {string} id */
  async load(id) {
    const { signal } = this.leaving;
    const chat = await this.api.readChat(id, signal);
    if (signal.aborted || this.isBusy) return;
    this.adopt(chat);
    this.shown.merge(chat);
    if (chat.running) void this.follow();
  }

  /** Reads the chat again, for what another tab or device has changed. */
  async refresh() {
    if (this.shown.id !== undefined && !this.isBusy) await this.load(this.shown.id);
  }

  async loadOlder() {
    const { id, cursor } = this.shown;
    if (id === undefined || cursor === undefined || this.isLoadingOlder) return;
    const { signal } = this.leaving;
    this.isLoadingOlder = true;
    try {
      const older = await this.api.readOlder(id, cursor, signal);
      // Meanwhile the chat may have been read anew.
      if (!signal.aborted && this.shown.cursor === cursor) this.shown.prepend(older);
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /** Sends a prompt. The first one opens a chat. @param {string} prompt @param {string} [replaceFrom] - what it replaces. */
  ask(prompt, replaceFrom) {
    return this.run({ prompt, key: createKey(), newChatId: createKey(), ...(replaceFrom && { replaceFrom }) });
  }

  /** Sends a prompt in place of another one. @param {Entry} entry @param {string} text */
  edit(entry, text) {
    if (isUnsent(entry)) this.shown.remove(entry);
    return this.ask(text, toReplaced(entry));
  }

  /** Asks for another reply to a prompt. @param {Entry} entry - the reply, or a prompt without one. */
  askAgain(entry) {
    const prompt = findPrompt(this.shown.entries, entry);
    return this.edit(prompt, prompt.content);
  }

  /** Repeats a request that may not have arrived. @param {Entry} entry @param {boolean} [supersede] */
  async retry(entry, supersede) {
    if (this.isBusy || entry.request === undefined) return;
    this.shown.remove(entry);
    await this.run({ ...entry.request, ...(supersede && { supersede }) });
  }

  /** Sends a prompt to a new chat, because its own is gone. @param {Entry} entry */
  async sendAnew(entry) {
    this.shown.remove(entry);
    await this.open(undefined);
    await this.ask(entry.content);
  }

  async stop() {
    const { id } = this.shown;
    if (!this.isBusy || this.isStopping || id === undefined) return;
    this.isStopping = true;
    this.listener.onState();
    try {
      // The turn may not have begun yet.
      while (this.isStopping && this.shown.id === id && !(await this.api.stop(id))) {
        await new Promise((resolve) => setTimeout(resolve, STOP_DELAY));
      }
    } catch (error) {
      this.isStopping = false;
      this.listener.onState();
      throw error;
    }
  }

  /** @param {TurnRequest} request */
  async run(request) {
    if (this.isBusy) return;
    const { signal } = this.leaving;
    const { id: chatId } = this.shown;
    this.setBusy(true);
    if (chatId === undefined) {
      this.shown.id = request.newChatId;
      this.listener.onOpening(request);
    }
    const follow = () => this.api.follow(String(this.shown.id), signal);
    const hidden = this.shown.hide(request.replaceFrom);
    const prompt = toEntry({ role: 'user', content: request.prompt, request });
    const reply = toEntry({ role: 'assistant', phase: 'waiting', request });
    this.shown.append(prompt, reply);
    announce('The agent is answering');
    const turn = new TurnReader(prompt, reply);
    await this.read(turn, async () => {
      // A lost connection may have been lost before the service had the request. Its key makes the repetition safe.
      if (turn.hasStarted) return follow();
      try {
        return await this.api.ask(request, { chatId, signal });
      } catch (error) {
        // Nobody else knows the id of a new chat, so the turn that runs there is this one.
        turn.hasStarted = chatId === undefined && isInProgress(error);
        if (turn.hasStarted) return follow();
        throw error;
      }
    });
    if (signal.aborted) {
      if (isUnsent(prompt)) this.listener.onRefused(chatId, prompt);
      return;
    }
    if (hidden.length > 0) await this.restoreUnreplaced(turn, hidden);
    // The request is sent again with the next token.
    const { status, error } = prompt.trouble ?? {};
    if (status === 401 && (await this.api.renew(error)) && !signal.aborted) await this.retry(prompt);
  }

  /** As long as there is no reply, nothing is replaced. @param {TurnReader} turn @param {Entry[]} hidden */
  async restoreUnreplaced({ prompt, reply }, hidden) {
    if (reply.content !== '' || !this.shown.entries.includes(prompt)) return;
    this.shown.restore(hidden, prompt);
    // If the request was refused, another tab or device may have changed the chat.
    if (!isUnsent(prompt)) return;
    await this.refresh().catch(() => undefined);
    const { replaceFrom, ...request } = /** @type {TurnRequest} */ (prompt.request);
    if (this.shown.entries.every(({ id }) => id !== replaceFrom)) prompt.request = request;
  }

  /** Follows the turn that runs in this chat. Another tab or device has begun it, or this page before it was loaded again. */
  async follow() {
    const { id, entries } = this.shown;
    const prompt = entries.findLast((entry) => !isUnsent(entry));
    if (id === undefined || prompt === undefined || this.isBusy) return;
    const { signal } = this.leaving;
    this.setBusy(true);
    const reply = toEntry({ role: 'assistant', phase: 'waiting' });
    this.shown.show([...entries.filter((e) => !isUnsent(e)), reply, ...entries.filter(isUnsent)], this.shown.cursor);
    const turn = new TurnReader(prompt, reply);
    turn.hasStarted = true;
    await this.read(turn, () => this.api.follow(id, signal));
    if (!signal.aborted) await this.refresh().catch(() => undefined);
  }

  /** @param {TurnReader} turn @param {Parameters<typeof readTurn>[1]['connect']} connect */
  async read(turn, connect) {
    const { signal } = this.leaving;
    await readTurn(turn, {
      connect,
      signal,
      readStored: () => this.readStored(turn, signal),
      onPart: (part) => this.take(turn, part),
      onLost: this.listener.onConnection,
    });
    if (signal.aborted) return;
    // The first turn of a chat may have begun, and have failed before its stream.
    if (this.shown.chat === undefined && !isUnsent(turn.prompt)) await this.readAgain(signal).catch(() => undefined);
    if (!signal.aborted) this.settle(turn);
  }

  /** What is stored is the end of a turn. @param {TurnReader} turn @param {AbortSignal} signal */
  async readStored({ reply }, signal) {
    const chat = await this.readAgain(signal);
    this.shown.remove(reply);
    this.shown.merge(chat);
  }

  /** @param {AbortSignal} signal */
  async readAgain(signal) {
    const chat = await this.api.readChat(String(this.shown.id), signal);
    this.listener.onConnection();
    this.adopt(chat);
    return chat;
  }

  /** @param {TurnReader} turn @param {StreamPart} part */
  take(turn, part) {
    turn.take(part);
    this.listener.onConnection();
    if (part.type === 'text-delta') this.view.grow(turn.reply);
    if (!('messageMetadata' in part) || part.messageMetadata === undefined) return;
    this.adopt(part.messageMetadata.chat);
    this.listener.onTurn(part.messageMetadata.chat);
  }

  /** @param {TurnReader} turn */
  settle({ prompt, reply }) {
    const { shown } = this;
    if (reply.content === '') shown.remove(reply);
    for (const entry of [prompt, reply]) shown.update(entry);
    if (shown.chat === undefined) {
      shown.id = undefined;
      this.listener.onUnopened();
    }
    this.setBusy(false);
    if (shown.chat !== undefined) this.listener.onTurn(shown.chat);
    announce(toTrouble(prompt, reply)?.error ?? 'The answer is complete');
  }

  /** @param {ChatSummary} chat */
  adopt(chat) {
    this.shown.adopt(chat);
    this.listener.onChat();
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    this.isBusy = isBusy;
    if (!isBusy) this.isStopping = false;
    this.view.setBusy(isBusy);
    this.listener.onState();
  }
}
