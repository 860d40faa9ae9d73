import { byId } from './dom.js';

/** On narrow windows the list of chats is a drawer. On wide ones it is always there. */
export class Drawer {
  wide = matchMedia('(min-width: 54rem)');

  constructor() {
    this.panel = byId('sidebar');
    this.scrim = byId('scrim');
    this.opener = byId('open-list');
    this.opener.onclick = () => this.set(true);
    this.scrim.onclick = () => this.set(false);
    this.panel.addEventListener('click', ({ target }) => target instanceof HTMLAnchorElement && this.set(false));
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.isOpen && this.set(false));
    this.wide.onchange = () => this.set(false);
  }

  get isOpen() {
    return this.opener.ariaExpanded === 'true';
  }

  /** @param {boolean} isOpen */
  set(isOpen) {
    const wasOpen = this.isOpen;
    this.opener.ariaExpanded = String(isOpen);
    document.body.classList.toggle('drawer-open', isOpen);
    this.panel.inert = !this.wide.matches && !isOpen;
    byId('main').inert = !this.wide.matches && isOpen;
    if (isOpen) byId('new').focus();
    else if (wasOpen && !this.wide.matches) this.opener.focus();
  }
}
