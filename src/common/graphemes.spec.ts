import { describe, expect, it } from '@jest/globals';
import { cutAtGrapheme } from './graphemes.js';

const GRAPHEMES = [
  ['a letter', 'a'],
  ['a surrogate pair', '😀'],
  ['a flag', '🇩🇪'],
  ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['a family', '👨‍👩‍👧'],
  ['a skin tone', '👍🏽'],
  ['an accent', 'e\u0301'],
  ['a keycap', '1\uFE0F\u20E3'],
  ['a conjunct', 'कि'],
  ['Hangul in pieces', '\u1100\u1161\u11A8'],
  ['a line break', '\r\n'],
] as const;

describe('cutAtGrapheme', () => {
  it.each(GRAPHEMES)('keeps %s whole or leaves it out', (_, grapheme) => {
    const text = `ab${grapheme.repeat(3)}cd`;
    const whole = [0, 1, 2, 3].map((count) => `ab${grapheme.repeat(count)}`);
    for (let end = 2; end <= 2 + 3 * grapheme.length; end += 1) {
      const cut = cutAtGrapheme(text, end);
      expect(whole).toContain(cut);
      expect(end - cut.length).toBeLessThan(grapheme.length);
    }
  });

  it('returns a text that is short enough as it is', () => {
    expect(cutAtGrapheme('e\u0301', 2)).toBe('e\u0301');
    expect(cutAtGrapheme('', 0)).toBe('');
    expect(cutAtGrapheme('ab', 0)).toBe('');
  });

  it('leaves out a grapheme that is longer than the limit', () => {
    expect(cutAtGrapheme(`a${'\u0301'.repeat(1_000)}`, 500)).toBe('');
  });

  it('keeps a lone surrogate apart from its neighbours', () => {
    expect(cutAtGrapheme('a\uD83Db', 2)).toBe('a\uD83D');
  });
});
