/** @import { ChatSummary } from './types.js' */
import { byId, h } from './dom.js';

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

  /** @param {HeaderActions} actions */
  constructor(actions) {
    this.actions = actions;
    this.title = byId('title');
    this.tools = byId('chat-tools');
    byId('rename').onclick = () => this.openForm();
    byId('delete').onclick = () => this.askToDelete();
  }

  /** @param {ChatSummary | undefined} chat */
  show(chat) {
    const isOther = chat?.id !== this.chat?.id;
    this.chat = chat;
    this.tools.hidden = chat === undefined;
    document.title = chat === undefined ? 'New chat' : chat.title || 'Chat';
    if (isOther || this.title.querySelector('input') === null) this.title.replaceChildren(chat?.title ?? 'New chat');
  }

  openForm() {
    const { id, title: given } = /** @type {ChatSummary} */ (this.chat);
    const field = h('input', { value: given, dir: 'auto', maxLength: 200, 'aria-label': 'Title of the chat' });
    const leave = () => this.title.replaceChildren(this.chat?.title ?? 'New chat');
    const close = () => {
      leave();
      byId('rename').focus();
    };
    field.onkeydown = (event) => {
      if (event.key === 'Escape') close();
      if (event.key !== 'Enter' || event.isComposing) return;
      const title = field.value.trim();
      if (title === '' || title === given) return close();
      field.disabled = true;
      this.actions.rename(id, title).then(close, () => {
        field.disabled = false;
        field.focus();
      });
    };
    // What has the focus now keeps it.
    field.onblur = () => field.disabled || !field.isConnected || leave();
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
