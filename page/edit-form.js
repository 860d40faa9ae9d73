import { h } from './dom.js';

/** A text in place of a message: Enter sends it, Escape leaves the message as it was. */
export class EditForm {
  /**
   * @param {string} text
   * @param {{ onSend: (text: string) => void, onClose: () => void }} listener
   */
  constructor(text, { onSend, onClose }) {
    this.field = h('textarea', { value: text, dir: 'auto', rows: 1, 'aria-label': 'Your message' });
    const send = () => {
      const given = this.field.value.trim();
      if (given !== '') onSend(given);
    };
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') onClose();
      if (!isSend(event)) return;
      event.preventDefault();
      send();
    });
    this.element = h(
      'div',
      { className: 'edit' },
      this.field,
      h('p', { className: 'hint' }, 'This message and all after it are replaced.'),
      h(
        'div',
        { className: 'ways' },
        h('button', { type: 'button', className: 'way', onclick: onClose }, 'Cancel'),
        h('button', { type: 'button', className: 'way main', onclick: send }, 'Send'),
      ),
    );
  }

  focus() {
    this.field.focus();
    this.element.scrollIntoView({ block: 'nearest' });
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }
}

/** Enter alone, and not the one that ends the writing of a character. @param {KeyboardEvent} event */
export function isSend({ key, shiftKey, altKey, isComposing }) {
  return key === 'Enter' && !shiftKey && !altKey && !isComposing;
}
