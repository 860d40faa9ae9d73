/** @import { Settings } from './types.js' */
import { byId, h, icon, keep } from './dom.js';
import { isSend } from './edit-form.js';

/**
 * The place to write. What is written is never lost: it is kept with its chat until it is sent.
 *
 * @typedef {object} ComposerActions
 * @property {(prompt: string) => void} send
 * @property {() => void} stop
 */
export class Composer {
  /** The user and the chat that the text is for; an empty chat is a new one. */
  userId = '';
  chatId = '';
  isBusy = false;
  limit = 32_000;

  /** @param {ComposerActions} actions */
  constructor(actions) {
    this.actions = actions;
    /** @type {HTMLTextAreaElement} */
    this.field = byId('prompt');
    /** @type {HTMLButtonElement} */
    this.button = byId('send');
    this.count = byId('count');
    this.field.addEventListener('input', () => this.look());
    this.field.addEventListener('keydown', (event) => {
      if (!isSend(event)) return;
      event.preventDefault();
      if (!this.isBusy) this.send();
    });
    this.button.addEventListener('click', () => (this.isBusy ? actions.stop() : this.send()));
    this.setBusy(false, false);
  }

  /** @param {Settings} settings */
  configure({ prompt_max_length: limit, faults, suggestions }) {
    this.limit = limit;
    byId('faults').hidden = faults.length === 0;
    const menu = byId('fault-menu');
    menu.replaceChildren(
      h('p', {}, 'Make the agent …'),
      ...faults.map(({ name, directive }) => {
        const onclick = () => {
          menu.hidePopover();
          this.add(directive);
        };
        return h('button', { type: 'button', onclick }, name);
      }),
      h('p', {}, 'It becomes part of the message. Edit the message to go on without it.'),
    );
    byId('suggestions').replaceChildren(
      ...suggestions.map((text) => h('button', { type: 'button', onclick: () => this.actions.send(text) }, text)),
    );
  }

  /** Another chat is open. Its text comes back. @param {string} chatId @param {boolean} isNew - it has just begun here. */
  switchTo(chatId, isNew) {
    if (this.chatId === chatId) return;
    const text = isNew ? this.field.value : this.findDraft(chatId);
    if (isNew) this.put('');
    this.chatId = chatId;
    this.put(text);
  }

  /** Shows what this user has written to a chat. @param {string} userId @param {string} chatId */
  open(userId, chatId) {
    this.userId = userId;
    this.chatId = chatId;
    // What was written before the page had its scripts stays.
    this.put(this.field.value || this.findDraft(chatId));
  }

  /** @param {string} chatId */
  findDraft(chatId) {
    return sessionStorage.getItem(this.toName(chatId)) ?? '';
  }

  /** Where the text of a chat is kept until it is sent, for this tab. @param {string} chatId */
  toName(chatId) {
    return `draft ${JSON.stringify([this.userId, chatId])}`;
  }

  /** Keeps a text that was not sent with its chat. @param {string} chatId @param {string} text */
  keepFor(chatId, text) {
    if (chatId === this.chatId) this.giveBack(text);
    else keep(this.toName(chatId), join(text, this.findDraft(chatId)));
  }

  /** The chat is gone. Its text goes on in a new one. */
  leaveChat() {
    const text = this.field.value.trim();
    this.put('');
    this.switchTo('', false);
    if (text !== '') this.giveBack(text);
  }

  /** @param {boolean} isBusy @param {boolean} isStopping */
  setBusy(isBusy, isStopping) {
    this.isBusy = isBusy;
    const label = isBusy ? (isStopping ? 'Stopping' : 'Stop') : 'Send';
    if (this.button.title === label) return;
    this.button.title = label;
    this.button.ariaLabel = label;
    this.button.ariaDisabled = String(isStopping);
    this.button.replaceChildren(icon(isBusy ? 'stop' : 'send'));
    this.look();
  }

  /** @param {string} text */
  put(text) {
    this.field.value = text;
    this.look();
  }

  /** Adds a directive, or takes the place of another one. @param {string} directive */
  add(directive) {
    const text = this.field.value.replace(/\s*\[\[fault [^\]]*\]\]\s*/g, ' ').trim() || 'Plan a weekend in Lisbon';
    this.put(`${text} ${directive}`);
    this.field.focus();
  }

  /** Puts a text back. What was written meanwhile stays behind it. @param {string} text */
  giveBack(text) {
    this.put(join(text, this.field.value.trim()));
    this.field.focus();
  }

  send() {
    const text = this.field.value.trim();
    if (text === '' || this.isTooLong(text)) return;
    this.put('');
    this.actions.send(text);
  }

  look() {
    const { value } = this.field;
    keep(this.toName(this.chatId), value);
    const isTooLong = this.isTooLong(value);
    this.count.textContent = isTooLong ? `At most ${this.limit.toLocaleString('en')} characters` : '';
    this.button.classList.toggle('ready', this.isBusy || (value.trim() !== '' && !isTooLong));
    if (CSS.supports('field-sizing', 'content')) return;
    this.field.style.height = 'auto';
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  /** Whether a text has too many characters, as the service counts them. @param {string} text */
  isTooLong(text) {
    return text.length > this.limit && Array.from(text).length > this.limit;
  }
}

/** @param {...string} texts */
const join = (...texts) => texts.filter(Boolean).join('\n\n');
