import { describe, expect, it } from '@jest/globals';
import { parseMessageId, toTurnIds } from './turn-ids.js';

describe('parseMessageId', () => {
  it.each([1, 23, 176_412_345_678, 0, -1, -15])('finds turn %d by the ids of its messages', (number) => {
    const { user, assistant } = toTurnIds('a:b', number);

    expect(parseMessageId('a:b', user)).toEqual({ number, role: 'user' });
    expect(parseMessageId('a:b', assistant)).toEqual({ number, role: 'assistant' });
  });

  it.each([
    ['another chat', 'other:1'],
    ['a longer id of a chat', 'chat:2:1'],
    ['no number', 'chat:'],
    ['no colon', 'chat1'],
    ['a leading zero', 'chat:01'],
    ['a plus', 'chat:+1'],
    ['a minus before zero', 'chat:-0'],
    ['a fraction', 'chat:1.0'],
    ['an exponent', 'chat:1e1'],
    ['a space', 'chat: 1'],
    ['a line break', 'chat:1\n'],
    ['too many digits', 'chat:1234567890123'],
    ['another role', 'chat:1:assistant'],
    ['the role twice', 'chat:1:user:user'],
  ])('refuses %s', (_, id) => {
    expect(parseMessageId('chat', id)).toBeUndefined();
  });
});
