/** @import { Api } from './api.js' */
/** @import { ChatSummary } from './types.js' */
import { byId, h } from './dom.js';

const DAY = 86_400_000;

/** The chats of the user, newest first, in groups by their age. */
export class ChatList {
  /** @type {ChatSummary[]} */
  chats = [];
  /** @type {string | undefined} */
  cursor;
  /** @type {string | undefined} */
  selected;
  isLoading = false;
  /** Whether something has changed while the list was being read. */
  isStale = false;

  /** @param {Api} api @param {(error: unknown) => void} onError */
  constructor(api, onError) {
    this.api = api;
    this.onError = onError;
    this.nav = byId('chats');
    this.more = h('button', { type: 'button', className: 'more', hidden: true }, 'Show older chats');
    this.more.onclick = () => void this.load(this.cursor);
    this.nav.after(this.more);
    this.moreSeen = new IntersectionObserver((seen) => seen.at(-1)?.isIntersecting && void this.load(this.cursor), {
      root: this.nav.parentElement,
      rootMargin: '0px 0px 200px',
    });
    this.moreSeen.observe(this.more);
  }

  /** Reads the newest chats, or the page at a cursor. @param {string} [cursor] */
  async load(cursor) {
    if (this.isLoading) {
      this.isStale ||= cursor === undefined;
      return;
    }
    this.isLoading = true;
    try {
      const { chats, next_cursor: next } = await this.api.listChats(cursor);
      if (cursor === undefined) this.renew(chats, next);
      else this.add(chats, next);
      // The button may still be in view, and only changes are told.
      this.moreSeen.unobserve(this.more);
      this.moreSeen.observe(this.more);
    } catch (error) {
      this.onError(error);
    } finally {
      this.isLoading = false;
    }
    this.draw();
    const { isStale } = this;
    this.isStale = false;
    if (isStale) await this.load();
  }

  /** Adds a page. While one pages, chats move to the top. @param {ChatSummary[]} chats @param {string | undefined} next */
  add(chats, next) {
    const known = new Set(chats.map(({ id }) => id));
    this.chats = [...this.chats.filter(({ id }) => !known.has(id)), ...chats];
    this.cursor = next;
  }

  /** The newest chats are read again. Older ones stay if none can be missing between. @param {ChatSummary[]} chats @param {string | undefined} next */
  renew(chats, next) {
    const known = new Map(chats.map((chat) => [chat.id, chat.updated_at]));
    const last = this.chats.findLastIndex(({ id, updated_at }) => known.get(id) === updated_at);
    const older = next === undefined ? [] : this.chats.slice(last + 1).filter(({ id }) => !known.has(id));
    if (last === -1 || older.length === 0) this.cursor = next;
    this.chats = [...chats, ...(last === -1 ? [] : older)];
  }

  /** A chat is new, or has changed. The list of the service follows within a second. @param {ChatSummary} chat */
  put(chat) {
    const last = this.chats.find(({ id }) => id === chat.id);
    if (last?.title === chat.title && last.updated_at === chat.updated_at) return;
    const others = this.chats.filter(({ id }) => id !== chat.id);
    this.chats = [...others, chat].toSorted((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
    this.draw();
  }

  /** @param {string} id */
  drop(id) {
    this.chats = this.chats.filter((chat) => chat.id !== id);
    this.draw();
  }

  /** @param {string | undefined} id */
  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    this.draw();
  }

  draw() {
    const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.hash : undefined;
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const chat of this.chats) {
      const name = toGroup(chat.updated_at);
      groups.set(name, [...(groups.get(name) ?? []), this.buildLink(chat)]);
    }
    const sections = [...groups].map(([name, links]) =>
      h('section', {}, h('h2', {}, name), h('ul', {}, ...links.map((link) => h('li', {}, link)))),
    );
    const none = h('p', { className: 'none' }, 'Your chats will be here.');
    this.nav.replaceChildren(...(sections.length > 0 ? sections : [none]));
    this.more.hidden = this.cursor === undefined;
    if (focused) [...this.nav.querySelectorAll('a')].find(({ hash }) => hash === focused)?.focus();
  }

  /** @param {ChatSummary} chat */
  buildLink({ id, title }) {
    const current = id === this.selected ? 'page' : undefined;
    return h('a', { href: `#${encodeURIComponent(id)}`, 'aria-current': current, dir: 'auto' }, title || '…');
  }
}

/** @param {string} time */
function toGroup(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = Date.parse(time);
  if (!(then < midnight)) return 'Today';
  if (then >= midnight - DAY) return 'Yesterday';
  return then >= midnight - 7 * DAY ? 'The last seven days' : 'Earlier';
}
