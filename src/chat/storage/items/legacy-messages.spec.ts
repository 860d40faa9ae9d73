import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../model/chat.js';
import { groupIntoTurns, listLegacyTurns } from './legacy-messages.js';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

describe('groupIntoTurns', () => {
  it('starts a turn with each user message', () => {
    const messages = [user('1'), assistant('one'), user('2'), user('3'), assistant('three'), assistant('more')];
    expect(groupIntoTurns(messages).map((group) => group.map(({ content }) => content))).toEqual([
      ['1', 'one'],
      ['2'],
      ['3', 'three'],
      ['more'],
    ]);
  });

  it('accepts a history that starts with an assistant message', () => {
    expect(groupIntoTurns([assistant('hello'), user('1')])).toHaveLength(2);
  });
});

describe('listLegacyTurns', () => {
  it('numbers the turns so that the last is 0', () => {
    const turns = listLegacyTurns('c', { messages: [user('1'), assistant('one'), user('2')] });
    expect(turns.map(({ number }) => number)).toEqual([-1, 0]);
  });

  it('reads the attribute of LangChain if it is the only one with messages', () => {
    const History = [{ type: 'human', data: { content: 'hello' } }];
    expect(listLegacyTurns('c', { messages: [], History })).toEqual([{ number: 0, messages: [user('hello')] }]);
    const unreadable = { item: { chat: 'c', part: 'head', attribute: 'messages,History' } };
    expect(() => listLegacyTurns('c', { messages: [user('1')], History })).toThrow(expect.objectContaining(unreadable));
  });

  it('finds no turns if the item has no messages', () => {
    expect(listLegacyTurns('c', {})).toEqual([]);
  });
});
