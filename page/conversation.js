/** @import { LiveChat } from './live-chat.js' */
/** @import { Entry } from './types.js' */
import { isGone } from './api.js';
import { createId, findMessage, findPrompt, isUnsent, toReplaced } from './entries.js';

/** What a person does in the open chat. */
export class Conversation {
  isLoadingOlder = false;

  /**
   * @param {LiveChat} live
   * @param {(texts: string) => void} onLeave - gets texts that were not sent, when they leave the page.
   */
  constructor(live, onLeave) {
    this.live = live;
    this.api = live.api;
    this.outbox = live.outbox;
    this.shown = live.shown;
    this.onLeave = onLeave;
  }

  /** Shows a chat, or none. A turn that runs goes on without this page. @param {string | undefined} id */
  async open(id) {
    this.leave();
    this.live.leave();
    this.live.view.setLoading(id !== undefined);
    const { signal } = this.live.leaving;
    try {
      if (id !== undefined) await this.live.load(id, { open: this.outbox.list(id) });
    } finally {
      if (!signal.aborted) this.live.view.setLoading(false);
    }
  }

  /** Gives texts back that were not sent. */
  leave() {
    const texts = this.shown.takeUnsent((prompt) => this.isInOutbox(prompt));
    if (texts !== '') this.onLeave(texts);
  }

  /** Whether the chat has a prompt also when it is opened again. @param {Entry} prompt */
  isInOutbox({ request }) {
    return this.outbox.list(this.shown.id ?? '').some(({ key }) => key === request?.key);
  }

  async loadOlder() {
    const { id, cursor } = this.shown;
    if (id === undefined || cursor === undefined || this.isLoadingOlder) return;
    const { signal } = this.live.leaving;
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
    return this.live.run({ prompt, key: createId(), newChatId: createId(), ...(replaceFrom && { replaceFrom }) });
  }

  /** Sends a prompt in place of another one. @param {Entry} entry @param {string} text */
  edit(entry, text) {
    const replaced = toReplaced(entry);
    if (isUnsent(entry)) this.takeBack(entry);
    return this.ask(text, replaced);
  }

  /** Asks for another reply to a prompt. @param {Entry} entry - the reply, or a prompt without one. */
  askAgain(entry) {
    const prompt = findPrompt(this.shown.entries, entry);
    return this.edit(prompt, prompt.content);
  }

  /** Repeats the request of a prompt that may not have arrived. @param {Entry} prompt @param {boolean} [supersede] */
  async repeat(prompt, supersede) {
    if (prompt.trouble?.status === 0 && (await this.findArrived(prompt))) return;
    await this.live.send(prompt, supersede);
  }

  /**
   * Looks whether a request has arrived, and shows its turn.
   *
   * @param {Entry} prompt
   * @returns {Promise<boolean>} false if it can be sent. The key of a turn that has failed would run once more.
   */
  async findArrived(prompt) {
    const { live } = this;
    const { signal } = live.leaving;
    const { id } = this.shown;
    const { request } = prompt;
    if (id === undefined || request === undefined || live.isBusy) return false;
    live.setBusy(true);
    try {
      const chat = await this.api.readChat(id, signal);
      if (findMessage(chat, request) === undefined) return false;
      live.show(chat);
      return true;
    } catch (error) {
      if (!isGone(error) && !signal.aborted) live.listener.onConnection(error);
      return !isGone(error);
    } finally {
      if (!signal.aborted) live.setBusy(false);
      if (!signal.aborted && !this.shown.entries.includes(prompt)) void live.refresh().catch(() => undefined);
    }
  }

  /** Takes a prompt that was not sent off the page. @param {Entry} entry @returns {string} its text. */
  takeBack(entry) {
    if (this.shown.id !== undefined && entry.request) this.outbox.drop(this.shown.id, entry.request.key);
    this.shown.remove(entry);
    return entry.content;
  }

  /** Sends a prompt to a new chat, because its own is gone. @param {Entry} entry */
  async sendAnew(entry) {
    const prompt = this.takeBack(entry);
    await this.open(undefined);
    await this.ask(prompt);
  }
}
