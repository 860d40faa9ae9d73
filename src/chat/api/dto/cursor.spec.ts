import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { decodeCursor, decodeListCursor, encodeCursor, encodeListCursor } from './cursor.js';

describe('a cursor', () => {
  it.each([1, 42, 999_999_999_999, 0, -7])('keeps the turn number %i', (before) => {
    expect(decodeCursor('alice', 'chat', encodeCursor('alice', 'chat', before))).toBe(before);
  });

  it('stays valid in later versions', () => {
    expect(encodeCursor('alice', 'chat', 7)).toBe('Ny5kd2g1TDBZNUNHTnNSQTFo');
  });

  it('is optional', () => {
    expect(decodeCursor('alice', 'chat', undefined)).toBeUndefined();
  });

  it.each([
    ['of another user', encodeCursor('bob', 'chat', 7)],
    ['of another chat', encodeCursor('alice', 'other', 7)],
    ['forged with another number', Buffer.from(`8.${'A'.repeat(16)}`).toString('base64url')],
    ['empty', ''],
    ['no cursor', 'yesterday'],
    ['a list of other values', Buffer.from('[1,{}]').toString('base64url')],
    ['no list', Buffer.from('null').toString('base64url')],
    ['padded', `${encodeCursor('alice', 'chat', 7)}=`],
  ])('is refused if it is %s', (_, cursor) => {
    expect(() => decodeCursor('alice', 'chat', cursor)).toThrow(InvalidRequestError);
    expect(() => decodeCursor('alice', 'chat', cursor)).toThrow(`Query 'cursor' is invalid`);
  });
});

describe('a cursor of the list', () => {
  const position = { id: 'chat', updatedAt: '2026-01-01T00:00:00.000Z' };

  it.each(['2026-01-01T00:00:00.000Z', '2024-05-01 10:00:00', '2024-05-01T10:00:00.123456+00:00', 'vorgestern\nÄ'])(
    'keeps the time as it is stored: %s',
    (updatedAt) => {
      const place = { id: 'a b:c.d-e_f', updatedAt };
      expect(decodeListCursor('alice', encodeListCursor('alice', place))).toEqual(place);
    },
  );

  it('stays valid in later versions', () => {
    expect(encodeListCursor('alice', position)).toBe(
      'WyIyMDI2LTAxLTAxVDAwOjAwOjAwLjAwMFoiLCJjaGF0IiwieF8yOXhTVmQ2M1VTQU5McCJd',
    );
  });

  it('is optional', () => {
    expect(decodeListCursor('alice', undefined)).toBeUndefined();
  });

  it.each([
    ['of another user', encodeListCursor('bob', position)],
    ['of the messages of a chat', encodeCursor('alice', 'chat', 7)],
    ['without an id', encodeListCursor('alice', { ...position, id: '' })],
    ['without a time', encodeListCursor('alice', { ...position, updatedAt: '' })],
    ['too long for a key', encodeListCursor('alice', { ...position, id: 'x'.repeat(2_049) })],
    [
      'forged for another chat',
      Buffer.from(JSON.stringify([position.updatedAt, 'other', 'A'.repeat(16)])).toString('base64url'),
    ],
    ['a list of other values', Buffer.from('[1,{}]').toString('base64url')],
    ['no list', Buffer.from('null').toString('base64url')],
    ['padded', `${encodeListCursor('alice', position)}=`],
    ['empty', ''],
  ])('is refused if it is %s', (_, cursor) => {
    expect(() => decodeListCursor('alice', cursor)).toThrow(new InvalidRequestError(`Query 'cursor' is invalid`));
  });
});
