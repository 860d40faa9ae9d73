import { describe, expect, it } from '@jest/globals';
import type { Message } from './chat.js';
import { groupIntoTurns, newestMessages } from './chat-history.js';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

describe('newestMessages', () => {
  const turns = [[user('1'), assistant('one')], [user('2')], [user('3'), assistant('three')]];

  it('keeps the newest turns, in order', () => {
    expect(newestMessages(turns, 10)).toEqual(turns.flat());
    expect(newestMessages(turns, 3).map(({ content }) => content)).toEqual(['2', '3', 'three']);
  });

  it('never splits a turn', () => {
    expect(newestMessages(turns, 4).map(({ content }) => content)).toEqual(['2', '3', 'three']);
    expect(newestMessages(turns, 1).map(({ content }) => content)).toEqual(['3', 'three']);
  });

  it('stops at 1.5 MB of JSON, measured in bytes', () => {
    const large = Array.from({ length: 4 }, (_, index) => [user(`${index}`), assistant('ä'.repeat(250_000))]);
    expect(newestMessages(large, 100)).toHaveLength(4);
  });

  it('keeps the newest turn whatever its size', () => {
    expect(newestMessages([[user('x'.repeat(2_000_000))]], 100)).toHaveLength(1);
  });
});

describe('groupIntoTurns', () => {
  it('opens a turn with each question', () => {
    const messages = [user('1'), assistant('one'), user('2'), user('3'), assistant('three'), assistant('more')];
    expect(groupIntoTurns(messages).map((turn) => turn.map(({ content }) => content))).toEqual([
      ['1', 'one'],
      ['2'],
      ['3', 'three'],
      ['more'],
    ]);
  });

  it('takes a history that begins with an answer', () => {
    expect(groupIntoTurns([assistant('hello'), user('1')])).toHaveLength(2);
  });
});
