/** @import { Block, Item } from './markdown-blocks.js' */
import { copyButton, h } from './dom.js';
import { parseBlocks } from './markdown-blocks.js';
import { buildInline } from './markdown-inline.js';

/** So many blocks at the end may still change: the last one grows, and may turn out to belong to the one before. */
const OPEN_BLOCKS = 2;

/** @typedef {{ type: string, from: number, to: number, element: HTMLElement }} Shown */

/** Shows a text that grows. Blocks that are complete are never touched again. */
export class MarkdownView {
  element = h('div', { className: 'markdown' });
  source = '';
  /** Where the open blocks begin in the source. */
  openFrom = 0;
  /** @type {Shown[]} */
  open = [];
  /** Where each closed block ends, for the marks of citations. @type {Shown[]} */
  closed = [];

  /** @param {string} source - the whole text so far. */
  show(source) {
    if (!source.startsWith(this.source.slice(-200), Math.max(this.source.length - 200, 0))) this.clear();
    this.source = source;
    const shift = this.openFrom;
    const blocks = parseBlocks(source.slice(shift));
    const shown = blocks.map((block, index) => this.update(block, this.open[index], shift));
    for (const { element } of this.open.slice(blocks.length)) element.remove();
    const count = Math.max(shown.length - OPEN_BLOCKS, 0);
    this.closed.push(...shown.slice(0, count));
    this.open = shown.slice(count);
    this.openFrom = this.open[0]?.from ?? shift;
  }

  clear() {
    this.element.replaceChildren();
    Object.assign(this, { source: '', openFrom: 0, open: [], closed: [] });
  }

  /** The element of the block that has a character of the source. @param {number} offset */
  findBlock(offset) {
    const all = [...this.closed, ...this.open];
    return (all.find(({ to }) => offset <= to) ?? all.at(-1))?.element;
  }

  /**
   * @param {Block} block @param {Shown | undefined} last - what its place shows now.
   * @param {number} shift
   * @returns {Shown}
   */
  update(block, last, shift) {
    const place = { type: block.type, from: block.from + shift, to: block.to + shift };
    const isSame = last?.type === block.type && last.from === place.from;
    if (last && isSame && last.to === place.to) return last;
    if (last && isSame && block.type === 'code' && appendCode(last.element, block.text)) return { ...last, ...place };
    const element = buildBlock(block);
    if (last) last.element.replaceWith(element);
    else this.element.append(element);
    return { ...place, element };
  }
}

/** Adds what is new to a block of code. @param {HTMLElement} element @param {string} text */
function appendCode(element, text) {
  const node = element.querySelector('code')?.firstChild;
  if (!(node instanceof Text) || !text.startsWith(node.data)) return false;
  node.appendData(text.slice(node.length));
  return true;
}

/** @param {Block} block @returns {HTMLElement} */
function buildBlock(block) {
  switch (block.type) {
    case 'heading':
      // The page has the levels 1 and 2.
      return h(block.level <= 2 ? 'h3' : 'h4', { dir: 'auto' }, ...buildInline(block.text));
    case 'code':
      return buildCode(block);
    case 'rule':
      return h('hr');
    case 'quote':
      return h('blockquote', { dir: 'auto' }, ...buildInline(block.text));
    case 'list': {
      const list = buildList(block.items, block.ordered);
      if (list instanceof HTMLOListElement) list.start = block.start;
      return list;
    }
    case 'paragraph':
    default:
      return h('p', { dir: 'auto' }, ...buildInline(block.text));
  }
}

/** @param {{ language: string, text: string }} block */
function buildCode({ language, text }) {
  const code = h('code', {}, new Text(text));
  return h(
    'figure',
    { className: 'code', dir: 'ltr' },
    h(
      'figcaption',
      {},
      h('span', {}, language || 'code'),
      copyButton(() => code.textContent ?? ''),
    ),
    h('pre', { tabIndex: 0 }, code),
  );
}

/** @param {readonly Item[]} items @param {boolean} ordered @returns {HTMLElement} */
function buildList(items, ordered) {
  const rows = items.map(({ text, children }) =>
    h(
      'li',
      { dir: 'auto' },
      ...buildInline(text),
      children.length > 0 && buildList(children, children[0]?.ordered ?? false),
    ),
  );
  return h(ordered ? 'ol' : 'ul', { dir: 'auto' }, ...rows);
}
