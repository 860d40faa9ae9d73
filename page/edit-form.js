import { announce, h } from './dom.js';

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
    this.hint = h('p', { className: 'hint' }, 'This message and all after it are replaced.');
    this.element = h(
      'div',
      { className: 'edit' },
      this.field,
      this.hint,
      h(
        'div',
        { className: 'ways' },
        h('button', { type: 'button', className: 'way', onclick: onClose }, 'Cancel'),
        h('button', { type: 'button', className: 'way main', onclick: send }, 'Send'),
      ),
    );
  }

  /** @param {string} text */
  say(text) {
    this.hint.textContent = text;
    announce(text);
  }

  focus() {
    this.field.focus();
    this.element.scrollIntoView({ block: 'nearest' });
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }
}

/** Enter alone. @param {KeyboardEvent} event */
export function isSend(event) {
  return isEnter(event) && !event.shiftKey && !event.altKey;
}

/**
 * Enter, unless it ends the writing of a character. Safari tells of that one afterwards, with this code.
 *
 * @param {KeyboardEvent} event
 */
export function isEnter(event) {
  // oxlint-disable-next-line typescript/no-deprecated -- Safari has no other sign of it.
  return event.key === 'Enter' && !event.isComposing && event.keyCode !== 229;
}
