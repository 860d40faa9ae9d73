/**
 * A block of a text: where it is, and what is in it.
 *
 * @typedef {{ from: number, to: number } & (
 *   { type: 'paragraph' | 'quote', text: string } |
 *   { type: 'heading', level: number, text: string } |
 *   { type: 'code', language: string, text: string } |
 *   { type: 'rule' } |
 *   { type: 'list', ordered: boolean, start: number, items: Item[] }
 * )} Block
 * @typedef {{ text: string, children: Item[], ordered: boolean }} Item
 */

/** A block is cut behind so many characters, so that each new piece of a long one costs little. */
const LONG = 4000;

// With `s` no line has a place where these patterns try again and again.
const FENCE = /^ {0,3}(```+|~~~+)\s*([^`\s]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/s;
const RULE = /^ {0,3}([-*_])( *\1){2,}\s*$/;
const BULLET = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/s;
const QUOTE = /^ {0,3}>\s?(.*)$/s;

/**
 * Splits a text into blocks. A block that is followed by another one never changes, whatever text comes after.
 *
 * @param {string} text
 * @returns {Block[]}
 */
export function parseBlocks(text) {
  const reader = new LineReader(text);
  /** @type {Block[]} */
  const blocks = [];
  while (reader.skipBlank()) {
    const from = reader.at;
    const block =
      readFence(reader) ?? readLine(reader) ?? readList(reader) ?? readQuote(reader) ?? readParagraph(reader);
    blocks.push(/** @type {Block} */ ({ ...block, from, to: reader.at }));
  }
  return blocks;
}

/** The lines of a text, one after another. */
class LineReader {
  at = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** The next line, without its end; undefined at the end. */
  get line() {
    if (this.at >= this.text.length) return undefined;
    const end = this.text.indexOf('\n', this.at);
    return this.text.slice(this.at, end === -1 ? undefined : end);
  }

  /** @param {number} length - the length of the line that was read. */
  next(length) {
    this.at = Math.min(this.at + length + 1, this.text.length);
  }

  /** @returns {boolean} whether there is another line that is not blank. */
  skipBlank() {
    for (let { line } = this; line !== undefined; { line } = this) {
      if (line.trim() !== '') return true;
      this.next(line.length);
    }
    return false;
  }
}

/** @param {LineReader} reader */
function readFence(reader) {
  const first = reader.line ?? '';
  const [, fence, language = ''] = FENCE.exec(first) ?? [];
  if (fence === undefined) return undefined;
  reader.next(first.length);
  const begin = reader.at;
  for (let { line } = reader; line !== undefined; { line } = reader) {
    const end = reader.at;
    reader.next(line.length);
    if (line.trim().startsWith(fence) && line.trim().replaceAll(fence[0] ?? '', '') === '') {
      return { type: 'code', language, text: reader.text.slice(begin, Math.max(begin, end - 1)) };
    }
  }
  return { type: 'code', language, text: reader.text.slice(begin) };
}

/** @param {LineReader} reader */
function readLine(reader) {
  const line = reader.line ?? '';
  const [, marks, text = ''] = HEADING.exec(line) ?? [];
  if (marks === undefined && !RULE.test(line)) return undefined;
  reader.next(line.length);
  return marks === undefined ? { type: 'rule' } : { type: 'heading', level: marks.length, text: trimMarks(text) };
}

/** Takes the marks off that close a heading. Those of a word stay. @param {string} text */
function trimMarks(text) {
  const trimmed = text.trimEnd();
  let end = trimmed.length;
  while (trimmed[end - 1] === '#') end -= 1;
  return end === 0 || /\s/.test(trimmed[end - 1] ?? '') ? trimmed.slice(0, end).trimEnd() : trimmed;
}

/** @param {LineReader} reader */
function readQuote(reader) {
  const lines = [];
  const begin = reader.at;
  for (let { line } = reader; line !== undefined; { line } = reader) {
    const [, text] = QUOTE.exec(line) ?? [];
    if (text === undefined || reader.at - begin >= LONG) break;
    lines.push(text);
    reader.next(line.length);
  }
  return lines.length === 0 ? undefined : { type: 'quote', text: lines.join('\n') };
}

/** @param {LineReader} reader */
function readParagraph(reader) {
  const begin = reader.at;
  for (let { line } = reader; line !== undefined && line.trim() !== ''; { line } = reader) {
    if (reader.at > begin && startsBlock(line)) break;
    const room = begin + LONG - reader.at;
    const cut = line.length > room ? line.indexOf(' ', Math.max(room, 0)) : -1;
    if (cut !== -1) {
      reader.next(cut);
      break;
    }
    reader.next(line.length);
    if (reader.at - begin >= LONG) break;
  }
  return { type: 'paragraph', text: reader.text.slice(begin, reader.at).trimEnd() };
}

/** @param {string} line */
function startsBlock(line) {
  const bullet = BULLET.exec(line);
  // As in CommonMark: within a paragraph only the number 1 begins a list.
  const beginsList = bullet !== null && (bullet[2] === undefined || bullet[2] === '1');
  return beginsList || [FENCE, HEADING, RULE, QUOTE].some((pattern) => pattern.test(line));
}

/** @param {LineReader} reader */
function readList(reader) {
  const first = BULLET.exec(reader.line ?? '');
  if (first === null) return undefined;
  const ordered = first[2] !== undefined;
  const begin = reader.at;
  /** @type {Item[]} */
  const items = [];
  for (let { line } = reader; line !== undefined; { line } = reader) {
    const bullet = BULLET.exec(line);
    const last = items.at(-1);
    if (line.trim() === '') {
      if (!goesOn(reader, ordered)) break;
      reader.skipBlank();
      continue;
    }
    if (bullet === null) {
      if (last === undefined || startsBlock(line)) break;
      const inner = last.children.at(-1) ?? last;
      inner.text += `\n${line.trim()}`;
    } else {
      const item = { text: bullet[3] ?? '', children: [], ordered: bullet[2] !== undefined };
      if (last !== undefined && (bullet[1] ?? '').length >= 2) last.children.push(item);
      else if (item.ordered === ordered && reader.at - begin < LONG) items.push(item);
      else break;
    }
    reader.next(line.length);
  }
  return { type: 'list', ordered, start: Number(first[2] ?? 1), items };
}

/** Whether a list goes on behind a blank line. @param {LineReader} reader @param {boolean} ordered */
function goesOn({ text, at }, ordered) {
  const [next = ''] = text
    .slice(at)
    .replace(/^(\s*\n)+/, '')
    .split('\n', 1);
  const bullet = BULLET.exec(next);
  return bullet === null ? /^ {2,}\S/.test(next) : (bullet[2] !== undefined) === ordered || /^ {2,}/.test(next);
}
