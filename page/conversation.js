/** @import { Api } from './api.js' */
/** @import { MessageList } from './message-list.js' */
/** @import { ChatSummary, Entry, StoredChat, StreamPart, TurnRequest } from './types.js' */
import { ApiError } from './api.js';
import { announce } from './dom.js';
import { createKey, findPrompt, isSame, isUnsent, toEntries, toEntry, toReplaced } from './entries.js';
import { toTrouble, TurnReader } from './turn-reader.js';

/** Milliseconds before a lost connection is tried again: at first, and at most. Then how often, which is five minutes. */
const RETRY = { first: 500, most: 5000, times: 60 };

/**
 * The open chat: what it shows, and the turn that runs in it.
 *
 * @typedef {object} Listener
 * @property {(chat: ChatSummary | undefined) => void} onChat - another chat is shown, or this one has changed.
 * @property {(chat: ChatSummary) => void} onTurn - a turn has begun or ended.
 * @property {(prompts: string) => void} onLeave - prompts that were not sent go with the page.
 * @property {(error: unknown) => void} onLost - the connection was lost, and is tried again.
 * @property {() => void} onState - `isBusy` or `isStopping` has changed.
 */
export class Conversation {
  /** @type {ChatSummary | undefined} */
  chat;
  /** @type {Entry[]} */
  entries = [];
  /** @type {string | undefined} */
  cursor;
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
  }

  /** Shows a chat, or none. A turn that runs goes on without this page. @param {string | undefined} id */
  async open(id) {
    this.leave();
    this.leaving.abort();
    this.leaving = new AbortController();
    this.chat = undefined;
    this.setBusy(false);
    this.show([], undefined);
    this.listener.onChat(undefined);
    if (id !== undefined) await this.load(id);
  }

  /** Gives the prompts back that were not sent. */
  leave() {
    const unsent = this.entries.filter(isUnsent);
    if (unsent.length > 0) this.listener.onLeave(unsent.map(({ content }) => content).join('\n\n'));
  }

  /** @param {string} id */
  async load(id) {
    const { signal } = this.leaving;
    const chat = await this.api.readChat(id, signal);
    if (signal.aborted || this.isBusy) return;
    this.adopt(chat);
    this.merge(chat);
    if (chat.running) void this.follow();
  }

  /** Reads the chat again, for what another tab or device has changed. */
  async refresh() {
    if (this.chat !== undefined && !this.isBusy) await this.load(this.chat.id);
  }

  /** Shows the newest messages where they differ. Older ones stay. @param {StoredChat} chat */
  merge({ messages, next_cursor: cursor }) {
    const fresh = toEntries(messages);
    const unsent = this.entries.filter(isUnsent);
    const stored = this.entries.filter((entry) => !isUnsent(entry));
    // A chat without older messages is whole. What it does not have any more was replaced.
    const from = cursor === undefined ? 0 : stored.findIndex(({ id }) => id === fresh[0]?.id);
    if (isSame(stored.slice(Math.max(from, 0)), fresh)) return;
    this.show([...stored.slice(0, Math.max(from, 0)), ...fresh, ...unsent], from > 0 ? this.cursor : cursor);
  }

  async loadOlder() {
    const { chat, cursor } = this;
    if (chat === undefined || cursor === undefined || this.isLoadingOlder) return;
    const { signal } = this.leaving;
    this.isLoadingOlder = true;
    try {
      const { messages, next_cursor: next } = await this.api.readOlder(chat.id, cursor, signal);
      // Meanwhile the chat may have been read anew.
      if (signal.aborted || this.cursor !== cursor) return;
      const entries = toEntries(messages);
      this.cursor = next;
      this.entries = [...entries, ...this.entries];
      this.view.prepend(entries, next !== undefined);
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /** Sends a prompt. @param {string} prompt @param {string} [replaceFrom] - the prompt that it takes the place of. */
  ask(prompt, replaceFrom) {
    return this.run({ prompt, key: createKey(), ...(replaceFrom && { replaceFrom }) });
  }

  /** Sends a prompt in place of another one. @param {Entry} entry @param {string} text */
  edit(entry, text) {
    return this.ask(text, toReplaced(entry));
  }

  /** Asks for another reply to a prompt. @param {Entry} entry - the reply, or a prompt without one. */
  askAgain(entry) {
    const prompt = findPrompt(this.entries, entry);
    return this.edit(prompt, prompt.content);
  }

  /** Repeats a request that may not have arrived. @param {Entry} entry @param {boolean} [supersede] */
  async retry(entry, supersede) {
    if (this.isBusy || entry.request === undefined) return;
    this.remove(entry);
    await this.run({ ...entry.request, ...(supersede && { supersede }) });
  }

  /** Sends a prompt to a new chat, because its own is gone. @param {Entry} entry */
  async sendAnew(entry) {
    this.remove(entry);
    await this.open(undefined);
    await this.ask(entry.content);
  }

  /** Takes a prompt that was not sent off the page. @param {Entry} entry */
  remove(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.view.remove(entry);
  }

  async stop() {
    if (!this.isBusy) return;
    this.isStopping = true;
    this.listener.onState();
    // The chat of a first prompt is known when its reply begins. The stop is sent then.
    if (this.chat !== undefined) await this.api.stop(this.chat.id);
  }

  /** @param {TurnRequest} request */
  async run(request) {
    if (this.isBusy) return;
    const { signal } = this.leaving;
    this.setBusy(true);
    const hidden = this.hide(request.replaceFrom);
    const prompt = toEntry({ role: 'user', content: request.prompt, request });
    const reply = toEntry({ role: 'assistant', phase: 'waiting', request });
    this.append(prompt, reply);
    announce('The agent is answering');
    const turn = new TurnReader(prompt, reply);
    await this.read(turn, async () => {
      const chatId = this.chat?.id;
      // A lost connection may have been lost before the service had the request. Its key makes the repetition safe.
      return turn.hasStarted && chatId !== undefined
        ? this.api.follow(chatId, signal)
        : this.api.ask(request, { chatId, signal });
    });
    if (signal.aborted || hidden.length === 0 || reply.content !== '' || !this.entries.includes(prompt)) return;
    // As long as there is no reply, nothing is replaced.
    this.restore(hidden, prompt);
    // If the request was refused, another tab or device may have changed the chat.
    if (isUnsent(prompt)) await this.refresh().catch(() => undefined);
  }

  /** Follows the turn that runs in this chat. Another tab or device has begun it, or this page before it was loaded again. */
  async follow() {
    const { chat } = this;
    const unsent = this.entries.filter(isUnsent);
    const prompt = this.entries.findLast((entry) => !isUnsent(entry));
    if (chat === undefined || prompt === undefined || this.isBusy) return;
    const { signal } = this.leaving;
    this.setBusy(true);
    const reply = toEntry({ role: 'assistant', phase: 'waiting' });
    for (const entry of unsent) this.remove(entry);
    this.append(reply, ...unsent);
    const turn = new TurnReader(prompt, reply);
    turn.hasStarted = true;
    await this.read(turn, () => this.api.follow(chat.id, signal));
    if (!signal.aborted) await this.refresh().catch(() => undefined);
  }

  /**
   * Reads the events of a turn up to its end, over as many connections as it takes.
   *
   * @param {TurnReader} turn
   * @param {() => Promise<AsyncIterable<StreamPart> | undefined>} connect
   */
  async read(turn, connect) {
    const { signal } = this.leaving;
    for (let delay = RETRY.first; !turn.isOver; delay = Math.min(delay * 2, RETRY.most)) {
      try {
        const parts = await connect();
        if (parts === undefined) return await this.endUnseen(turn);
        turn.restart();
        for await (const part of parts) {
          signal.throwIfAborted();
          this.take(turn, part);
        }
        if (signal.aborted) return;
        turn.end();
      } catch (error) {
        await this.adoptBegun(error);
        if (signal.aborted) return;
        turn.fail(error, RETRY.times);
        if (turn.isOver) break;
        this.listener.onLost(error);
        await new Promise((resolve) => setTimeout(resolve, delay));
        if (signal.aborted) return;
      }
    }
    this.settle(turn);
  }

  /** The first turn of a chat has begun, and was refused before its stream. @param {unknown} error */
  async adoptBegun(error) {
    if (this.chat !== undefined || !(error instanceof ApiError) || error.chatId === undefined) return;
    const { signal } = this.leaving;
    const chat = await this.api.readChat(error.chatId, signal).catch(this.listener.onLost);
    if (chat && !signal.aborted) this.adopt(chat);
  }

  /** @param {TurnReader} turn @param {StreamPart} part */
  take(turn, part) {
    const { chat } = part.messageMetadata ?? {};
    turn.take(part);
    if (part.type === 'text-delta') this.view.grow(turn.reply);
    if (chat === undefined) return;
    this.adopt(chat);
    this.listener.onTurn(chat);
    if (part.type === 'start' && this.isStopping) void this.api.stop(chat.id).catch(() => undefined);
  }

  /** The turn has ended while nothing was connected to it: what is stored is its end. @param {TurnReader} turn */
  async endUnseen({ reply }) {
    const { signal } = this.leaving;
    this.remove(reply);
    this.setBusy(false);
    await this.refresh();
    if (!signal.aborted) announce('The answer is complete');
  }

  /** @param {TurnReader} turn */
  settle({ prompt, reply }) {
    if (reply.content === '') this.remove(reply);
    for (const entry of [prompt, reply]) if (this.entries.includes(entry)) this.view.update(entry);
    this.setBusy(false);
    if (this.chat !== undefined) this.listener.onTurn(this.chat);
    announce(toTrouble(prompt, reply)?.error ?? 'The answer is complete');
  }

  /** Takes a turn and all after it off the page. @param {string | undefined} id - its prompt. @returns {Entry[]} */
  hide(id) {
    const from = id === undefined ? -1 : this.entries.findIndex((entry) => entry.id === id);
    const hidden = from === -1 ? [] : this.entries.slice(from).filter((entry) => !isUnsent(entry));
    for (const entry of hidden) this.remove(entry);
    return hidden;
  }

  /** @param {Entry[]} hidden @param {Entry} prompt */
  restore(hidden, prompt) {
    const others = this.entries.filter((entry) => entry !== prompt);
    const stored = others.filter((entry) => !isUnsent(entry));
    this.show([...stored, ...hidden, ...others.filter(isUnsent), prompt], this.cursor);
  }

  /** @param {...Entry} entries */
  append(...entries) {
    this.entries.push(...entries);
    for (const entry of entries) this.view.append(entry);
  }

  /** @param {Entry[]} entries @param {string | undefined} cursor - of the messages before these. */
  show(entries, cursor) {
    this.entries = entries;
    this.cursor = cursor;
    this.view.reset(entries, cursor !== undefined);
  }

  /** @param {ChatSummary} chat */
  adopt({ id, title, created_at, updated_at }) {
    this.chat = { id, title, created_at, updated_at };
    this.listener.onChat(this.chat);
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    this.isBusy = isBusy;
    if (!isBusy) this.isStopping = false;
    this.view.setBusy(isBusy);
    this.listener.onState();
  }
}
