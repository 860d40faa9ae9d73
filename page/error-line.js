import { ApiError } from './api.js';
import { byId, h } from './dom.js';

/** Says what went wrong elsewhere than in a message. It stays until it is closed, or something else is begun. */
export class ErrorLine {
  /** Whether it says that the connection was lost. */
  isConnection = false;

  constructor() {
    this.line = byId('line');
    byId('line-close').onclick = () => {
      this.hide();
      byId('prompt').focus();
    };
  }

  /** @param {unknown} error @param {{ name: string, href: string }} [link] - leads to what it is about. */
  show(error, link) {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    const text = error instanceof ApiError ? [error.message, error.detail].filter(Boolean).join('. ') : String(error);
    byId('line-text').replaceChildren(text, ...(link ? [' ', h('a', { href: link.href }, link.name)] : []));
    this.line.hidden = false;
    this.isConnection = false;
  }

  /** @param {unknown} [error] - without one, the connection is back. */
  showConnection(error) {
    if (error === undefined && this.isConnection) this.hide();
    if (error === undefined) return;
    this.show(error);
    this.isConnection = true;
  }

  hide() {
    this.line.hidden = true;
  }
}
