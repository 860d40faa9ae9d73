const SVG = 'http://www.w3.org/2000/svg';

/** Shapes on a field of 20 by 20, drawn as lines. */
const ICONS = {
  menu: 'M3 6h14M3 10h14M3 14h14',
  plus: 'M10 4v12M4 10h12',
  pencil: 'M12.5 4.5l3 3L7 16H4v-3zM11 6l3 3',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6M9 9v4M11 9v4',
  send: 'M10 16V4M5 9l5-5 5 5',
  stop: 'M6 6h8v8H6z',
  bolt: 'M11 3L5 11h4l-1 6 6-8h-4z',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  check: 'M4 10l4 4 8-8',
  again: 'M16 10a6 6 0 1 1-2-4.5M16 3v4h-4',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  down: 'M10 4v12M5 11l5 5 5-5',
  person: 'M10 10.5a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5M4 17a6 6 0 0 1 12 0',
  note: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M10 9v4M10 6.6v.2',
  warning: 'M10 4l7 12H3zM10 9v3M10 14v.2',
};

/**
 * Creates an element. Texts become text nodes, so nothing of them is ever read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties] - functions are listeners, and names with `-` are attributes.
 * @param {...(Node | string | false | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name.includes('-')) element.setAttribute(name, /** @type {string} */ (value));
    else Object.assign(element, { [name]: value });
  }
  element.append(...children.filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  svg.append(path);
  return svg;
}

/**
 * @param {keyof typeof ICONS} name
 * @param {string} label - what a screen reader says, and what is shown on hover.
 * @param {(event: Event) => void} onclick
 * @param {string} [text] - shown beside the icon.
 */
export function button(name, label, onclick, text) {
  const kind = text === undefined ? 'icon-button' : 'text-button';
  return h(
    'button',
    { type: 'button', className: kind, title: label, 'aria-label': text === undefined ? label : undefined, onclick },
    icon(name),
    text,
  );
}

/**
 * @template {HTMLElement} [Found=HTMLElement]
 * @param {string} id
 * @returns {Found}
 */
export function byId(id) {
  return /** @type {Found} */ (document.getElementById(id));
}

/** Says something to screen readers, once. @param {string} text */
export function announce(text) {
  const live = byId('live');
  live.textContent = '';
  // The same text as before is new then.
  setTimeout(() => (live.textContent = text));
}

/** Keeps a text for this tab, until it is closed. @param {string} name @param {string} text */
export function keep(name, text) {
  try {
    if (text === '') sessionStorage.removeItem(name);
    else if (sessionStorage.getItem(name) !== text) sessionStorage.setItem(name, text);
  } catch {
    // There is no room left. The page has the text as long as it is open.
  }
}

/** A button that copies a text and says so for a moment. @param {() => string} textOf */
export function copyButton(textOf) {
  const element = button('copy', 'Copy', () => void copy());
  const copy = async () => {
    await navigator.clipboard.writeText(textOf());
    element.replaceChildren(icon('check'));
    announce('Copied');
    setTimeout(() => element.replaceChildren(icon('copy')), 1500);
  };
  // There is no clipboard on pages over plain http, except for this machine.
  element.hidden = navigator.clipboard === undefined;
  return element;
}

/** The link of an http or https address, else undefined. @param {string | undefined} address */
export function toSafeUrl(address) {
  if (address === undefined || !/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address).href;
}

/**
 * A link that opens beside the page and learns nothing of it.
 *
 * @param {string} href - from {@link toSafeUrl}
 * @param {...(Node | string)} children
 */
export function outerLink(href, ...children) {
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...children);
}
