/** @import { ChatSummary } from './types.js' */
import { byId, h } from './dom.js';
import { isEnter } from './edit-form.js';

/**
 * The title of the open chat, and what can be done with it.
 *
 * @typedef {object} HeaderActions
 * @property {(id: string, title: string) => Promise<void>} rename
 * @property {(id: string) => Promise<void>} remove
 */
export class ChatHeader {
  /** @type {ChatSummary | undefined} */
  chat;
  name = 'New chat';

  /** @param {HeaderActions} actions */
  constructor(actions) {
    this.actions = actions;
    this.title = byId('title');
    this.tools = byId('chat-tools');
    byId('rename').onclick = () => this.openForm();
    byId('delete').onclick = () => this.askToDelete();
  }

  /** @param {ChatSummary | undefined} chat @param {string} title - of a chat that has not been read. */
  show(chat, title) {
    const isOther = chat?.id !== this.chat?.id;
    this.chat = chat;
    this.name = (chat?.title ?? title) || 'Chat';
    this.tools.hidden = chat === undefined;
    document.title = this.name;
    if (isOther || this.title.querySelector('input') === null) this.title.replaceChildren(this.name);
  }

  /** A chat cannot be deleted while a turn runs in it. @param {boolean} isBusy */
  setBusy(isBusy) {
    /** @type {HTMLButtonElement} */
    const remove = byId('delete');
    remove.disabled = isBusy;
  }

  openForm() {
    const { id, title: given } = /** @type {ChatSummary} */ (this.chat);
    const field = h('input', { value: given, dir: 'auto', maxLength: 200, 'aria-label': 'Title of the chat' });
    const leave = () => this.title.replaceChildren(this.name);
    const close = () => {
      leave();
      byId('rename').focus();
    };
    /** @param {() => void} onDone */
    const save = (onDone) => {
      const title = field.value.trim();
      if (title === '' || title === given) return onDone();
      field.disabled = true;
      this.actions.rename(id, title).then(onDone, () => {
        field.disabled = false;
        field.focus();
      });
    };
    field.onkeydown = (event) => {
      if (event.key === 'Escape') close();
      if (isEnter(event)) save(close);
    };
    // The focus stays where it is now.
    field.onblur = () => field.disabled || !field.isConnected || save(leave);
    this.title.replaceChildren(field);
    field.select();
  }

  askToDelete() {
    const { id, title } = /** @type {ChatSummary} */ (this.chat);
    /** @type {HTMLDialogElement} */
    const dialog = byId('delete-dialog');
    byId('delete-title').textContent = title;
    byId('delete-cancel').onclick = () => dialog.close();
    byId('delete-confirm').onclick = () => {
      dialog.close();
      void this.actions.remove(id);
    };
    dialog.showModal();
  }
}
