import { describe, expect, it } from '@jest/globals';
import { toPlainLine } from './plain-line.js';

describe('toPlainLine', () => {
  it.each([
    ['white space', '  a \n\t b\r\n c\u2028d ', 'a b c d'],
    ['control characters', 'a\u0000b\u001bc', 'a b c'],
    ['bidirectional controls', 'a\u202Ecod.exe\u202C \u2066b\u2069\u200E\u200F\u061C', 'acod.exe b'],
    ['zero-width controls', 'pay\u200Bpal\u2060 \uFEFFa\u00ADb', 'paypal ab'],
    ['a byte order mark', '\uFEFFa\uFEFFb', 'ab'],
    ['joiners that no word needs', 'pa\u200Dypal \u200Ca\u200C 漢\u200D字 п\u200Cо', 'paypal a 漢字 по'],
    ['hidden tags', 'a\u{E0061}\u{E007F}b\u{E0001}', 'ab'],
  ])('removes %s', (_, text, line) => {
    expect(toPlainLine(text)).toBe(line);
  });

  it.each([
    ['a word of Persian', 'می\u200Cخواهم'],
    ['a word of Sinhala', 'ශ්\u200Dරී'],
    ['a word of Hindi', 'क्\u200Dष'],
    ['a word of Mongolian', 'ᠠᠮ\u180Eᠠ'],
    ['a family', '👨\u200D👩\u200D👧'],
    ['an emoji with a skin tone', '👩🏽\u200D🚀'],
    ['an emoji with a variation', '❤\uFE0F\u200D🔥 🏃\u200D♀\uFE0F'],
    ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a number of Arabic, whose control can be seen', '\u0600١٢'],
  ])('keeps what %s needs', (_, text) => {
    expect(toPlainLine(` ${text} `)).toBe(text);
  });
});
