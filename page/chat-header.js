/** @import { ChatSummary } from './types.js' */
import { byId, h } from './dom.js';

/**
 * The title of the open chat, and what can be done with it.
 *
 * @typedef {object} HeaderActions
 * @property {(title: string) => Promise<void>} rename
 * @property {() => Promise<void>} remove
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
    const given = this.chat?.title ?? '';
    const field = h('input', { value: given, dir: 'auto', maxLength: 200, 'aria-label': 'Title of the chat' });
    const close = () => {
      this.title.replaceChildren(this.chat?.title ?? '');
      byId('rename').focus();
    };
    field.onkeydown = (event) => {
      if (event.key === 'Escape') close();
      if (event.key !== 'Enter' || event.isComposing) return;
      const title = field.value.trim();
      if (title === '' || title === given) return close();
      field.disabled = true;
      this.actions.rename(title).then(close, () => {
        field.disabled = false;
        field.focus();
      });
    };
    field.onblur = () => field.disabled || close();
    this.title.replaceChildren(field);
    field.select();
  }

  askToDelete() {
    /** @type {HTMLDialogElement} */
    const dialog = byId('delete-dialog');
    byId('delete-title').textContent = this.chat?.title ?? '';
    byId('delete-cancel').onclick = () => dialog.close();
    byId('delete-confirm').onclick = () => {
      dialog.close();
      void this.actions.remove();
    };
    dialog.showModal();
  }
}
