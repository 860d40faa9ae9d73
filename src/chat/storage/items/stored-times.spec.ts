import { describe, expect, it } from '@jest/globals';
import { toExactNumber } from '../../../dynamodb/exact-number.js';
import { toIsoTime } from './stored-times.js';

const TIME = '2024-05-01T10:00:00.123Z';
const WITHOUT_FRACTION = '2024-05-01T10:00:00.000Z';

describe('toIsoTime', () => {
  it.each<[string, unknown, string]>([
    ['our own form', TIME, TIME],
    ['isoformat() of Python', '2024-05-01T10:00:00.123456', TIME],
    ['str() of Python', '2024-05-01 10:00:00.123456', TIME],
    ['str() of Python with a zone', '2024-05-01 12:00:00.123456+02:00', TIME],
    ['no fraction', '2024-05-01T10:00:00', WITHOUT_FRACTION],
    ['no seconds', '2024-05-01T10:00', WITHOUT_FRACTION],
    ['one digit of a second', '2024-05-01T10:00:00.1Z', '2024-05-01T10:00:00.100Z'],
    ['nine digits of a second', '2024-05-01T10:00:00.123456789Z', TIME],
    ['a comma', '2024-05-01T10:00:00,123Z', TIME],
    ['a zone without a colon', '2024-05-01T05:30:00-0430', WITHOUT_FRACTION],
    ['a zone of hours', '2024-05-01T12:00:00+02', WITHOUT_FRACTION],
    ['small letters', '2024-05-01t10:00:00z', WITHOUT_FRACTION],
    ['a date', '2024-05-01', '2024-05-01T00:00:00.000Z'],
    ['HTTP', 'Wed, 01 May 2024 10:00:00 GMT', WITHOUT_FRACTION],
    ['seconds', 1_714_557_600, WITHOUT_FRACTION],
    ['seconds with a fraction', 1_714_557_600.123, TIME],
    ['milliseconds', 1_714_557_600_123, TIME],
    ['microseconds', 1_714_557_600_123_456, TIME],
    ['nanoseconds', toExactNumber('1714557600123456789'), TIME],
    ['Decimal(time.time()) of Python', toExactNumber('1714557600.1234560012817382812'), TIME],
    ['seconds as a text', '1714557600', WITHOUT_FRACTION],
    ['milliseconds as a text', '1714557600123', TIME],
  ])('reads %s', (_, stored, time) => {
    expect(toIsoTime(stored)).toBe(time);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a word', 'yesterday'],
    ['a word with a number', 'chat 5'],
    ['no text at all', ''],
    ['a date of eight digits', 20_240_501],
    ['a date and a time of digits', '20240501100000'],
    ['a small number', 7],
    ['a huge number', toExactNumber('9'.repeat(38))],
    ['a month that does not exist', '2024-13-01T10:00:00Z'],
    ['a time of the day', '10:00:00'],
    ['a list', [1_714_557_600]],
    ['true', true],
  ])('reads no time from %s', (_, stored) => {
    expect(toIsoTime(stored)).toBeUndefined();
  });

  it('takes the first time that can be read', () => {
    expect(toIsoTime('yesterday', undefined, 1_714_557_600, TIME)).toBe(WITHOUT_FRACTION);
  });
});
