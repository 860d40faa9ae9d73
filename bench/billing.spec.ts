import { describe, expect, it } from '@jest/globals';
import { itemBytes, readUnits, writeUnits } from './billing.js';

const KB = 1024;
/** An item of this many bytes, which is in no index. */
const buildItem = (bytes: number) => ({ id: 'x'.repeat(bytes - 2) });

describe('itemBytes', () => {
  // AWS developer guide, "DynamoDB item sizes and formats".
  it.each([
    ['an empty item', {}, 0],
    ['names and strings', { 'shirt-color': 'R', 'shirt-size': 'M' }, 23],
    ['a string in UTF-8', { a: 'é漢👋' }, 1 + 2 + 3 + 4],
    ['a number by its significant digits', { n: 1234 }, 1 + 2 + 1],
    ['a number with zeros at its end', { n: 12_000 }, 1 + 1 + 1],
    ['a number with zeros before it', { n: -0.00123 }, 1 + 2 + 1],
    ['null and booleans', { a: null, b: true }, 2 + 2],
    ['an empty list and an empty map', { a: [], b: {} }, 4 + 4],
    ['a list with its elements', { a: ['12', '345'] }, 1 + 3 + (1 + 2) + (1 + 3)],
    ['a set as a list', { a: new Set(['12', '345']) }, 1 + 3 + (1 + 2) + (1 + 3)],
    ['a map with its elements', { a: { bc: 'def' } }, 1 + 3 + (1 + 2 + 3)],
  ])('counts %s', (_, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('writeUnits', () => {
  // AWS developer guide, "DynamoDB read and write operations": sizes are rounded up to the next kilobyte.
  it.each([
    [500, 1],
    [1 * KB, 1],
    [1 * KB + 1, 2],
    [2 * KB, 2],
  ])('bills a new item of %d bytes with %d units', (bytes, units) => {
    expect(writeUnits(undefined, buildItem(bytes))).toBe(units);
  });

  it('bills an update by the larger of the old and the new item', () => {
    expect(writeUnits(buildItem(4 * KB), buildItem(1 * KB))).toBe(4);
    expect(writeUnits(buildItem(1 * KB), buildItem(4 * KB))).toBe(4);
    expect(writeUnits(buildItem(3 * KB), undefined)).toBe(3);
  });

  // AWS developer guide, "Using global secondary indexes in DynamoDB".
  describe('with the index', () => {
    const keys = { id: 'chat', user_id: 'alice' };
    const listed = { ...keys, updated_at: '2024', title: 'one' };

    it('bills one more write for an item that enters or leaves the index', () => {
      expect(writeUnits(undefined, listed)).toBe(1 + 1);
      expect(writeUnits(keys, listed)).toBe(1 + 1);
      expect(writeUnits(listed, keys)).toBe(1 + 1);
      expect(writeUnits(listed, undefined)).toBe(1 + 1);
    });

    it('bills two more writes for a changed key of the index', () => {
      expect(writeUnits(listed, { ...listed, updated_at: '2025' })).toBe(1 + 2);
    });

    it('bills one more write for a changed attribute of the index', () => {
      expect(writeUnits(listed, { ...listed, title: 'two' })).toBe(1 + 1);
    });

    it('bills nothing more for attributes that are not in the index', () => {
      expect(writeUnits(listed, { ...listed, turns: 7, ended_at: '2025' })).toBe(1);
      expect(writeUnits(keys, { ...keys, turns: 7 })).toBe(1);
    });

    it('bills an index entry by its own size, not by the size of the item', () => {
      expect(writeUnits(undefined, { ...listed, prompt: 'x'.repeat(5 * KB) })).toBe(6 + 1);
    });
  });
});

describe('readUnits', () => {
  // AWS developer guide, "DynamoDB read and write operations", strongly consistent reads.
  // An item is rounded up to four kilobytes, and a query as a whole.
  it.each([
    ['an item of 8 KB', 8 * KB, 2],
    ['an item of 3.5 KB', 3.5 * KB, 1],
    ['an item of 10 KB', 10 * KB, 3],
    ['a query over 10 items of 40.8 KB together', 40.8 * KB, 11],
    ['a query over 1500 items of 64 bytes', 1500 * 64, 24],
    ['a read that finds nothing', 0, 1],
  ])('bills %s', (_, bytes, units) => {
    expect(readUnits(bytes)).toBe(units);
  });
});
