import { describe, expect, it } from '@jest/globals';
import { addRange, findExcessRange, findReadableRange, isRangeText, toRangeText, toRanges } from './hidden-turns.js';

const range = (first: number, last: number) => ({ first, last });
/** The ranges of a list of first and last numbers. */
const ranges = (list: readonly number[]) =>
  list.flatMap((first, index) => (index % 2 === 0 ? [range(first, list[index + 1]!)] : []));

describe('hidden turns', () => {
  it.each([
    ['the first one', [], [2, 4], [2, 4]],
    ['one before', [7, 9], [2, 4], [2, 4, 7, 9]],
    ['one that touches another from below', [5, 9], [2, 4], [2, 9]],
    ['one that touches another from above', [2, 4], [5, 9], [2, 9]],
    ['one that joins two', [2, 4, 6, 9], [5, 5], [2, 9]],
    ['one inside another', [2, 9], [4, 5], [2, 9]],
    ['one around others', [2, 2, 4, 4, 9, 9], [1, 5], [1, 5, 9, 9]],
    ['turns of the original system', [1, 1], [-3, 0], [-3, 1]],
    ['an empty one', [2, 2], [5, 4], [2, 2]],
  ])('take %s', (_, list, [first = 0, last = 0], expected) => {
    const added = addRange(ranges(list), range(first, last));
    expect(added).toEqual(ranges(expected));
    expect(toRanges(toRangeText(added))).toEqual(added);
  });

  it('give up the shortest range of 17, the oldest of several, but not the kept one', () => {
    const many = Array.from({ length: 17 }, (_, index) => range(10 * index, 10 * index + (index < 3 ? 5 : 2)));
    expect(findExcessRange(many.slice(1), 5)).toBeUndefined();
    expect(findExcessRange(many, 5)).toEqual(range(30, 32));
    expect(findExcessRange(many, 31)).toEqual(range(40, 42));
  });

  it('never give up turns of the original system, which have no items', () => {
    const many = [range(-1, 0), ...Array.from({ length: 16 }, (_, index) => range(10 * index + 2, 10 * index + 5))];
    expect(findExcessRange(many, 155)).toEqual(range(2, 5));
  });

  it.each([
    ['all', [], 100, range(1, 100)],
    ['over a short gap', [50, 68], 100, range(1, 100)],
    ['down to a long gap', [50, 69], 100, range(70, 100)],
    ['below the long gap that it begins in', [50, 69], 60, range(1, 49)],
    ['between two long gaps', [10, 29, 50, 69], 69, range(30, 49)],
    ['nothing if all are hidden', [-5, 100], 100, undefined],
    ['nothing of the original system', [], 0, undefined],
  ])('are read: %s', (_, list, newest, expected) => {
    expect(findReadableRange(ranges(list), newest)).toEqual(expected);
  });

  it.each([
    ['2', [2, 2]],
    ['2,3+1', [2, 2, 5, 6]],
    ['-2+2,5', [-2, 0, 5, 5]],
    ['1+176412345678', [1, 176_412_345_679]],
  ])('are the text %s', (text, list) => {
    expect([isRangeText(text), toRanges(text), toRangeText(ranges(list))]).toEqual([true, ranges(list), text]);
  });

  it.each([
    true,
    '',
    'yes',
    '1,',
    '1,1',
    '1,0',
    '3,-1',
    '1+',
    '1.5',
    '1+-1',
    ' 1',
    1,
    [1, 1],
    null,
    '2,'.repeat(16) + '2',
  ])('are not %j', (value) => {
    expect(isRangeText(value)).toBe(false);
  });
});
