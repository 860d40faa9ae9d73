/** @import { MessageList } from './message-list.js' */
/** @import { ChatSummary, Entry, MessagePage } from './types.js' */
import { isUnsent, keepSame, toEntries } from './entries.js';

/** The open chat as the page shows it. */
export class ShownChat {
  /** Undefined on the empty page. A first prompt has its chat as soon as it is sent. @type {string | undefined} */
  id;
  /** Undefined until the service has told of the chat. @type {ChatSummary | undefined} */
  chat;
  /** @type {Entry[]} */
  entries = [];
  /** Of the messages before these. @type {string | undefined} */
  cursor;

  /** @param {MessageList} view */
  constructor(view) {
    this.view = view;
  }

  clear() {
    this.id = undefined;
    this.chat = undefined;
    this.show([], undefined);
  }

  /** @param {ChatSummary} chat */
  adopt(chat) {
    this.id = chat.id;
    this.chat = chat;
  }

  /** @param {Entry[]} entries @param {string | undefined} cursor */
  show(entries, cursor) {
    this.entries = entries;
    this.cursor = cursor;
    this.view.show(entries, cursor !== undefined);
  }

  /** Shows the newest messages where they differ. Older ones stay, and prompts that were not sent. @param {MessagePage} page */
  merge({ messages, next_cursor: cursor }) {
    const stored = this.entries.filter((entry) => !isUnsent(entry));
    const fresh = keepSame(stored, toEntries(messages));
    const first = stored.findIndex(({ id }) => id === fresh[0]?.id);
    // A chat without older messages is whole. What it does not have any more was replaced.
    const from = cursor === undefined ? 0 : Math.max(first, 0);
    const entries = [...stored.slice(0, from), ...fresh, ...this.entries.filter(isUnsent)];
    this.show(entries, from > 0 ? this.cursor : cursor);
  }

  /** @param {MessagePage} older - the page at the cursor. */
  prepend({ messages, next_cursor: cursor }) {
    this.show([...toEntries(messages), ...this.entries], cursor);
  }

  /** @param {...Entry} entries */
  append(...entries) {
    this.entries.push(...entries);
    for (const entry of entries) this.view.append(entry);
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.view.remove(entry);
  }

  /** @param {Entry} entry */
  update(entry) {
    if (this.entries.includes(entry)) this.view.update(entry);
  }

  /** Takes a turn and all after it off the page. @param {string | undefined} id - its prompt. @returns {Entry[]} */
  hide(id) {
    const from = id === undefined ? -1 : this.entries.findIndex((entry) => entry.id === id);
    const hidden = from === -1 ? [] : this.entries.slice(from).filter((entry) => !isUnsent(entry));
    for (const entry of hidden) this.remove(entry);
    return hidden;
  }

  /** Shows again what was hidden, before the prompts that were not sent. @param {Entry[]} hidden @param {Entry} prompt */
  restore(hidden, prompt) {
    const others = this.entries.filter((entry) => entry !== prompt);
    const stored = others.filter((entry) => !isUnsent(entry));
    this.show([...stored, ...hidden, ...others.filter(isUnsent), prompt], this.cursor);
  }

  /** Takes the prompt of a request off the page. @param {string} key */
  removeRequest(key) {
    for (const entry of this.entries) if (isUnsent(entry) && entry.request?.key === key) this.remove(entry);
  }

  /** Leaves only what the next read shows, and what was not sent. */
  forgetOlder() {
    this.show(this.entries.filter(isUnsent), undefined);
  }

  /** Takes other entries of the same message off the page. @param {Entry} entry @returns {boolean} whether there were any. */
  removeOthers(entry) {
    const others = this.entries.filter((one) => one !== entry && one.id !== undefined && one.id === entry.id);
    for (const other of others) this.remove(other);
    return others.length > 0;
  }

  /**
   * Takes what was not sent off the page: prompts, and edits of messages.
   *
   * @param {(prompt: Entry) => boolean} isKept - whether the text is kept elsewhere.
   * @returns {string} the other texts.
   */
  takeUnsent(isKept) {
    const prompts = this.entries.filter(isUnsent);
    for (const prompt of prompts) this.remove(prompt);
    const texts = prompts.filter((prompt) => !isKept(prompt) && !this.isShown(prompt)).map(({ content }) => content);
    return [...this.view.takeEdits(), ...texts].join('\n\n');
  }

  /** Whether a prompt only asks anew for what it is to replace. @param {Entry} prompt */
  isShown({ content, request }) {
    return this.entries.some(({ id, content: shown }) => id === request?.replaceFrom && shown === content);
  }
}
