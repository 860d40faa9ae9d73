import { describe, expect, it } from '@jest/globals';
import { toTitle } from './title.js';

describe('toTitle', () => {
  it.each([
    ['a short prompt', 'a short prompt'],
    ['  white \n\t space\r\n collapses ', 'white space collapses'],
    ['a\u0000control\u001bcharacter', 'a control character'],
    ['\u0000\u001b', '…'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), `${'x'.repeat(59)}…`],
    [`${'word '.repeat(12)}end`, `${'word '.repeat(11)}word…`],
    [`${'x'.repeat(59)} y`, `${'x'.repeat(59)}…`],
    ['👍'.repeat(61), `${'👍'.repeat(59)}…`],
    ['🇩🇪'.repeat(40), `${'🇩🇪'.repeat(29)}…`],
    ['👨‍👩‍👧'.repeat(20), `${'👨‍👩‍👧'.repeat(11)}…`],
    ['e\u0301'.repeat(31), `${'e\u0301'.repeat(29)}…`],
    [`a${'\u0301'.repeat(100)}`, '…'],
    ['\u202Eevil\u202C \u200B\u2066title\u2069', 'evil title'],
    ['\u200B\u202E', '…'],
    [`${' '.repeat(5_000)}late`, 'late'],
    [`early${' '.repeat(5_000)}`, 'early'],
    [`early ${'\u200B'.repeat(5_000)}late`, 'early…'],
  ])('turns %j into %j', (prompt, title) => {
    expect(toTitle(prompt)).toBe(title);
  });

  it('never has more than 60 characters', () => {
    for (let length = 1; length < 200; length += 1) {
      expect(Array.from(toTitle('ab cdefg '.repeat(40).slice(0, length))).length).toBeLessThanOrEqual(60);
    }
  });
});
