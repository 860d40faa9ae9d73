import { h, outerLink, toSafeUrl } from './dom.js';

/** What may begin something within a line: an escape, code, a link, a bare address, emphasis. */
const SPECIAL = /\\|`+|\[|https?:\/\/|\*{1,2}|_{1,2}|~~/g;
const ESCAPED = /[!-/:-@[-`{-~]/;
const LINK =
  /\[([^[\]\n]{0,500})\]\(\s*<?([^\s()<>]{0,2000}(?:\([^\s()<>]{0,500}\))?[^\s()<>]{0,500})>?(?:\s+"[^"\n]{0,500}")?\s*\)/y;
const ADDRESS = /https?:\/\/[^\s<>"'`]{1,2000}/y;
/** Does not belong to an address at its end. */
const TRAILING = /[.,:;!?*_~\]]+$/;

const ELEMENTS = /** @type {const} */ ({ '**': 'strong', __: 'strong', '*': 'em', _: 'em', '~~': 'del' });

/**
 * Builds the nodes of a text with emphasis, code and links. Everything else stays text, HTML too.
 *
 * @param {string} text
 * @param {number} [depth] - of emphasis within emphasis.
 * @returns {Node[]}
 */
export function buildInline(text, depth = 0) {
  /** @type {Node[]} */
  const nodes = [];
  /** Closing marks that are not there need not be looked for again. @type {Set<string>} */
  const missing = new Set();
  let plain = '';
  let at = 0;
  SPECIAL.lastIndex = 0;
  for (;;) {
    SPECIAL.lastIndex = at;
    const found = SPECIAL.exec(text);
    if (found === null) break;
    plain += text.slice(at, found.index);
    const piece = readPiece({ text, at: found.index, mark: found[0], depth, missing });
    at = found.index + piece.length;
    if (typeof piece.node === 'string') {
      plain += piece.node;
    } else {
      if (plain !== '') nodes.push(new Text(plain));
      plain = '';
      nodes.push(piece.node);
    }
  }
  plain += text.slice(at);
  if (plain !== '') nodes.push(new Text(plain));
  return nodes;
}

/**
 * @typedef {{ text: string, at: number, mark: string, depth: number, missing: Set<string> }} Place
 * @typedef {{ node: Node | string, length: number }} Piece
 */

/** @param {Place} place @returns {Piece} */
function readPiece(place) {
  const { text, at, mark } = place;
  const asText = { node: mark, length: mark.length };
  if (mark === '\\') {
    const next = text[at + 1] ?? '';
    return ESCAPED.test(next) ? { node: next, length: 2 } : asText;
  }
  if (mark.startsWith('`')) return readCode(place) ?? asText;
  if (mark === '[') return readLink(place) ?? asText;
  if (mark.startsWith('http')) return readAddress(text, at) ?? asText;
  return readEmphasis(place) ?? asText;
}

/** @param {Place} place @returns {Piece | undefined} */
function readCode({ text, at, mark, missing }) {
  const end = missing.has(mark) ? -1 : text.indexOf(mark, at + mark.length);
  if (end === -1) {
    missing.add(mark);
    return undefined;
  }
  const code = text.slice(at + mark.length, end).replace(/^ (.*) $/s, '$1');
  return { node: h('code', { dir: 'auto' }, code), length: end + mark.length - at };
}

/** @param {Place} place @returns {Piece | undefined} */
function readLink({ text, at, depth }) {
  LINK.lastIndex = at;
  const [all, label = '', address] = LINK.exec(text) ?? [];
  if (all === undefined) return undefined;
  const url = toSafeUrl(address);
  // A link of another scheme is shown as it was written.
  if (url === undefined) return { node: all, length: all.length };
  return { node: outerLink(url, ...buildInline(label.trim() || url, depth + 10)), length: all.length };
}

/** @param {string} text @param {number} at @returns {Piece | undefined} */
function readAddress(text, at) {
  ADDRESS.lastIndex = at;
  let address = ADDRESS.exec(text)?.[0].replace(TRAILING, '') ?? '';
  // A bracket belongs to the address if it was opened there.
  while (address.endsWith(')') && address.split(')').length > address.split('(').length) {
    address = address.slice(0, -1).replace(TRAILING, '');
  }
  const url = toSafeUrl(address);
  return url === undefined ? undefined : { node: outerLink(url, address), length: address.length };
}

/** @param {Place} place @returns {Piece | undefined} */
function readEmphasis({ text, at, mark, depth, missing }) {
  const begin = at + mark.length;
  const isWord = (/** @type {string | undefined} */ one) => one !== undefined && /[\p{L}\p{N}_]/u.test(one);
  if (depth > 8 || missing.has(mark) || /^\s?$/.test(text[begin] ?? '')) return undefined;
  if (mark.startsWith('_') && isWord(text[at - 1])) return undefined;
  for (let end = text.indexOf(mark, begin + 1); end !== -1; end = text.indexOf(mark, end + 1)) {
    const after = text[end + mark.length];
    const isClosing =
      !/\s/.test(text[end - 1] ?? '') &&
      !(mark.length === 1 && (after === mark || text[end - 1] === mark)) &&
      !(mark.startsWith('_') && isWord(after));
    if (!isClosing) continue;
    const name = ELEMENTS[/** @type {keyof typeof ELEMENTS} */ (mark)];
    return { node: h(name, {}, ...buildInline(text.slice(begin, end), depth + 1)), length: end + mark.length - at };
  }
  missing.add(mark);
  return undefined;
}
