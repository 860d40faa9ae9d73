import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { toExactNumber, toNumber } from './exact-number.js';

describe('toExactNumber', () => {
  it.each(['0', '17', '-1', '1714557600.123', '9007199254740991'])('makes a number of %s', (digits) => {
    expect(toExactNumber(digits)).toBe(Number(digits));
  });

  it.each(['1714557600123456789', '61729423590109290000', '0.1234567890123456789', '1E+100', '9'.repeat(38)])(
    'keeps the digits of %s',
    (digits) => {
      expect(toExactNumber(digits)).toEqual(NumberValue.from(digits));
      expect(toNumber(toExactNumber(digits))).toBe(Number(digits));
    },
  );
});

describe('toNumber', () => {
  it.each([[undefined], [null], ['7'], [true], [[7]], [{ value: '7' }], [new Set([7])]])(
    'finds no number in %p',
    (value) => {
      expect(toNumber(value)).toBeUndefined();
    },
  );
});
