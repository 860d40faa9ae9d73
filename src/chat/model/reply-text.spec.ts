import { describe, expect, it } from '@jest/globals';
import { ReplyText } from './reply-text.js';

function createText(...pieces: string[]): ReplyText {
  const text = new ReplyText();
  for (const piece of pieces) text.append(piece);
  return text;
}

/** Reads a text from its start, so many characters at a time. */
function readInParts(text: ReplyText, maxLength: number): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; from += parts.at(-1)!.length) parts.push(text.take(from, maxLength));
  return parts;
}

describe('ReplyText', () => {
  it('gives what was added since an offset', () => {
    const text = createText('one ', 'two ');
    expect(text.take(0, 100)).toBe('one two ');
    text.append('three');
    expect(text.take(8, 100)).toBe('three');
    expect([text.take(13, 100), text.length, text.toString()]).toEqual(['', 13, 'one two three']);
    expect(createText().take(0, 100)).toBe('');
  });

  it.each([3, 700, 5_000])('gives the same text in parts, if its pieces have %i characters', (length) => {
    const pieces = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index).repeat(length));
    const text = createText(...pieces);
    for (const maxLength of [2, 999, 1_024, 70_000]) {
      const parts = readInParts(text, maxLength);
      expect(parts.join('') === pieces.join('')).toBe(true);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(maxLength);
    }
  });

  it('splits no surrogate pair', () => {
    const text = createText('a😀', '😀b', '😀');
    for (const maxLength of [2, 3, 4]) {
      const parts = readInParts(text, maxLength);
      expect(parts.join('')).toBe('a😀😀b😀');
      expect(parts.every((part) => part.isWellFormed())).toBe(true);
    }
  });

  it('copies little for readers of every piece', () => {
    const text = createText();
    const offsets = [0, 0];
    const pieces = 100_000;
    const start = process.cpuUsage().user;
    for (let count = 0; count < pieces; count += 1) {
      text.append('abc');
      for (const [reader, from] of offsets.entries()) offsets[reader] = from + text.take(from, 65_536).length;
    }
    expect(offsets).toEqual([3 * pieces, 3 * pieces]);
    // One rope that is flattened for each piece takes many times as long.
    expect((process.cpuUsage().user - start) / pieces).toBeLessThan(50);
  });
});
