/** @import { Entry } from './types.js' */
/** @import { MessageActions } from './message.js' */
import { byId, h } from './dom.js';
import { MessageView } from './message.js';

/** Within so many pixels of the end, the view stays at the end. */
const NEAR = 48;
/** A view of a text that grows is renewed after this many times as long as that took, so typing comes first. */
const REST_FACTOR = 3;

/** The messages of the open chat, and where one reads in them. */
export class MessageList {
  /** @type {Map<Entry, MessageView>} */
  views = new Map();
  /** @type {Set<Entry>} */
  grown = new Set();
  isAtEnd = true;
  lastTop = 0;
  nextFrame = 0;

  /** @param {MessageActions} actions @param {() => Promise<void>} loadOlder */
  constructor(actions, loadOlder) {
    this.actions = actions;
    this.scroller = byId('scroller');
    this.list = byId('messages');
    this.empty = byId('empty');
    this.toEnd = byId('to-end');
    this.older = h('button', { type: 'button', className: 'more', hidden: true }, 'Show earlier messages');
    this.list.before(this.older);
    this.older.onclick = () => void loadOlder();
    this.toEnd.onclick = () => this.scrollToEnd();
    this.scroller.addEventListener('scroll', () => this.look(), { passive: true });
    const keep = new ResizeObserver(() => this.isAtEnd && this.scrollToEnd());
    keep.observe(this.scroller);
    keep.observe(this.list);
    this.olderSeen = new IntersectionObserver((seen) => seen.at(-1)?.isIntersecting && void loadOlder(), {
      root: this.scroller,
      rootMargin: '800px 0px 0px',
    });
    this.olderSeen.observe(this.older);
  }

  /** Shows these messages. Those that are shown already stay as they are. @param {readonly Entry[]} entries @param {boolean} hasOlder */
  show(entries, hasOlder) {
    const kept = new Set(entries);
    for (const entry of this.views.keys()) if (!kept.has(entry)) this.remove(entry);
    const anchor = this.findFirstInView();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    let next = this.list.firstElementChild;
    for (const entry of entries) {
      const { element } = this.views.get(entry) ?? this.create(entry);
      if (element === next) next = next.nextElementSibling;
      else this.list.insertBefore(element, next);
    }
    this.older.hidden = !hasOlder;
    this.empty.hidden = entries.length > 0;
    if (this.isAtEnd || entries.length === 0) this.scrollToEnd();
    // What one reads stays where it is.
    else this.scroller.scrollTop += (anchor?.getBoundingClientRect().top ?? 0) - before;
    // The button may still be in view, and only changes are told.
    this.olderSeen.unobserve(this.older);
    this.olderSeen.observe(this.older);
  }

  /** Takes the texts of open edits that differ from their messages, and closes them. */
  takeEdits() {
    return [...this.views.values()].flatMap((view) => view.takeEdit() ?? []);
  }

  /** @param {Entry} entry */
  append(entry) {
    this.list.append(this.create(entry).element);
    this.empty.hidden = true;
    this.scrollToEnd();
  }

  /** @param {Entry} entry */
  remove(entry) {
    const view = this.views.get(entry);
    const edit = view?.takeEdit();
    if (edit !== undefined) this.actions.giveBack(edit);
    const element = view?.element;
    const hadFocus = element?.contains(document.activeElement);
    element?.remove();
    this.views.delete(entry);
    // Its button is gone, so a keyboard goes on from here.
    if (hadFocus) this.scroller.focus({ preventScroll: true });
    this.empty.hidden = this.views.size > 0;
  }

  /** @param {Entry} entry */
  update(entry) {
    this.grown.delete(entry);
    this.views.get(entry)?.update();
  }

  /** Shows more text with the next frame. @param {Entry} entry */
  grow(entry) {
    if (this.grown.size === 0) requestAnimationFrame((time) => this.draw(time));
    this.grown.add(entry);
  }

  /** @param {number} time */
  draw(time) {
    if (this.grown.size === 0) return;
    if (time < this.nextFrame) {
      requestAnimationFrame((later) => this.draw(later));
      return;
    }
    const begin = performance.now();
    for (const entry of this.grown) this.drawOne(entry);
    this.grown.clear();
    if (this.isAtEnd) this.scrollToEnd();
    this.nextFrame = time + (performance.now() - begin) * REST_FACTOR;
  }

  /** @param {Entry} entry */
  drawOne(entry) {
    const view = this.views.get(entry);
    // With the first text, the sign that one waits for it goes.
    if (view?.element.dataset['phase'] === 'waiting') view.update();
    else view?.grow();
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    this.list.classList.toggle('busy', isBusy);
  }

  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    // Only a person scrolls up. If the window or a text changes its size, the end moves away below.
    const isLeft = scrollTop < this.lastTop;
    this.lastTop = scrollTop;
    this.isAtEnd = isNear || (this.isAtEnd && !isLeft);
    this.toEnd.hidden = this.isAtEnd;
    if (this.isAtEnd && !isNear) this.scrollToEnd();
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
    this.isAtEnd = true;
    this.toEnd.hidden = true;
  }

  /** The first message that is not above the view, if there is one. */
  findFirstInView() {
    const { top } = this.scroller.getBoundingClientRect();
    return [...this.list.children].find((element) => element.getBoundingClientRect().bottom > top);
  }

  /** @param {Entry} entry */
  create(entry) {
    const view = new MessageView(entry, this.actions);
    this.views.set(entry, view);
    return view;
  }
}
