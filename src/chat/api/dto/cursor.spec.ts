import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';

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
    ['padded', `${encodeCursor('alice', 'chat', 7)}=`],
  ])('is refused if it is %s', (_, cursor) => {
    expect(() => decodeCursor('alice', 'chat', cursor)).toThrow(InvalidRequestError);
    expect(() => decodeCursor('alice', 'chat', cursor)).toThrow(`Query 'cursor' is invalid`);
  });
});
