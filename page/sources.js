/** @import { Citation } from './types.js' */
/** @import { MarkdownView } from './markdown-view.js' */
import { h, outerLink, toSafeUrl } from './dom.js';

/** The list of sources under a reply. @param {readonly Citation[]} citations */
export function buildSources(citations) {
  const items = citations.map(({ title, uri, snippet }) => {
    const url = toSafeUrl(uri);
    const name = h('bdi', {}, title || uri || 'Source');
    return h(
      'li',
      {},
      url === undefined ? name : outerLink(url, name),
      uri !== undefined && uri !== title && h('span', { className: 'place' }, h('bdi', {}, toPlace(uri))),
      snippet !== undefined && h('p', { dir: 'auto', className: 'snippet' }, snippet),
    );
  });
  return h('section', { className: 'sources', 'aria-label': 'Sources' }, h('ol', {}, ...items));
}

/** Where a source is, in short. @param {string} uri */
function toPlace(uri) {
  return toSafeUrl(uri) === undefined ? uri : new URL(uri).host;
}

/**
 * Puts the number of each source behind the block that rests on it.
 *
 * @param {MarkdownView} markdown @param {readonly Citation[]} citations
 */
export function markSources(markdown, citations) {
  for (const mark of markdown.element.querySelectorAll('sup')) mark.remove();
  citations.forEach(({ end, title }, index) => {
    const block = end === undefined ? undefined : markdown.findBlock(end);
    const place = block?.matches('p, h3, h4, blockquote') ? block : block?.querySelector('li:last-child');
    const show = (/** @type {Event} */ event) => {
      const list = /** @type {HTMLElement} */ (event.currentTarget).closest('.message')?.querySelector('.sources');
      const item = list?.querySelectorAll('li')[index];
      item?.scrollIntoView({ block: 'nearest' });
      /** @type {HTMLElement | null | undefined} */ (item?.querySelector('a'))?.focus();
    };
    const label = `Source ${index + 1}: ${title ?? ''}`;
    place?.append(
      h(
        'sup',
        {},
        h('button', { type: 'button', 'aria-label': label, title: label, onclick: show }, String(index + 1)),
      ),
    );
  });
}
